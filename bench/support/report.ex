defmodule Bench.Report do
  @moduledoc false
  # Where results go: figures to standard output as they come, remarks to
  # standard error, and in the end everything to the files asked for.

  alias Bench.{Figure, JSON, Machine, Page, Run}

  @spec figure(Figure.t()) :: :ok
  def figure(figure) do
    IO.puts(Figure.line(figure))
    if figure.note, do: note("  #{figure.name}: #{figure.note}")
    :ok
  end

  @spec note(String.t()) :: :ok
  def note(text), do: IO.puts(:stderr, ["# ", text])

  @spec write(Run.t()) :: :ok
  def write(run) do
    json = JSON.encode(document(run))

    if run.json do
      File.write!(run.json, json)
      note("wrote #{run.json}")
    end

    if run.html || run.svg, do: Page.write(json, run.html, run.svg)
    for file <- [run.html, run.svg], file, do: note("wrote #{file}")
    :ok
  end

  defp document(run) do
    %{
      machine: Map.put(run.machine, :load_at_end, Machine.load()),
      quick: run.quick?,
      figures:
        for figure <- Run.figures(run) do
          %{
            name: figure.name,
            unit: figure.unit,
            native_median: Figure.median(figure.native),
            baseline_median: Figure.median(figure.baseline),
            ratio: Figure.ratio(figure),
            spread_percent: Figure.spread_percent(figure),
            native: figure.native,
            baseline: figure.baseline,
            load: figure.load,
            note: figure.note
          }
        end
    }
  end
end
