defmodule Bench.CLI do
  @moduledoc false
  # What bin/bench does with its arguments. Figures go to standard output and
  # nothing else does.

  alias Bench.{Machine, Report, Run, Section, Workspace}

  @usage """
  bin/bench [SECTION…] [--quick] [--json FILE] [--html FILE] [--svg DIRECTORY]

  Without a section: all but `million`, which takes half an hour, and those that
  begin with `remote`, which want the library to be built with
  PHOENIX_REPLAY_NATIVE_REMOTE=1. All of these: bin/bench remote.

  Compares the native engine with the pure-Elixir backend, its peers and the
  machine's limits. One line per figure on standard output, tab-separated:

    section/name, native median, baseline median, unit, baseline ÷ native,
    spread in percent (the wider of the two sides' interquartile ranges)

    --quick       fewer rounds and smaller collections, under two minutes
    --json FILE   all samples, and what machine they come from
    --html FILE   the same as a page with charts
    --svg DIR     each chart as an image, into a directory that is made if needed
    BENCH_DIR     where files are written, by default the system's temporary
                  directory
  """

  @flags "--quick, --json FILE, --html FILE, --svg DIRECTORY"

  def main(args) do
    options = parse(args)
    run = Run.start(options)

    try do
      Report.note(Machine.headline(run.machine))
      Enum.each(options.sections, &section(run, &1))
      Report.write(run)
    after
      Workspace.remove(run.workspace)
    end
  end

  defp section(run, name) do
    Report.note("#{name} (load #{Machine.load()})")
    {us, _} = :timer.tc(fn -> Section.module(name).run(%{run | section: name}) end)
    Report.note("#{name} took #{Float.round(us / 1.0e6, 1)} s")
  end

  defp parse(args) do
    switches = [quick: :boolean, json: :string, html: :string, svg: :string, help: :boolean]

    case OptionParser.parse(args, strict: switches, aliases: [h: :help]) do
      {flags, names, []} ->
        if flags[:help], do: help()
        names = sections(names)
        check_files(flags)

        %{
          sections: if(names == [], do: Section.default_names(), else: Enum.uniq(names)),
          quick?: Keyword.get(flags, :quick, false),
          json: flags[:json],
          html: flags[:html],
          svg: flags[:svg]
        }

      {_, _, [{flag, _} | _]} ->
        refuse("#{flag} is unknown or has no value; known are #{@flags}")
    end
  end

  # Better now than after a quarter of an hour.
  defp check_files(flags) do
    for {flag, path} <- Keyword.take(flags, [:json, :html]), not File.dir?(Path.dirname(path)) do
      refuse("--#{flag} #{path}: there is no directory #{Path.dirname(path)}")
    end
  end

  defp sections(names) do
    Enum.flat_map(names, fn name ->
      case Section.named(name) do
        [] -> refuse("there is no section #{name}; known are #{known_sections()}")
        sections -> sections
      end
    end)
  end

  defp known_sections, do: Enum.join(Section.names(), ", ")

  @spec help() :: no_return()
  defp help do
    IO.write([@usage, "\nSections: ", known_sections(), "\n"])
    System.halt(0)
  end

  @spec refuse(String.t()) :: no_return()
  defp refuse(complaint) do
    IO.puts(:stderr, "bin/bench: " <> complaint)
    System.halt(2)
  end
end
