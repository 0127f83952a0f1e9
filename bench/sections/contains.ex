defmodule Bench.Sections.Contains do
  @moduledoc """
  The sessions that have a text somewhere: in none of them, and in each.

  The baseline lists all recordings through the pure-Elixir backend and searches
  the terms. It is measured with the fewest and multiplied, because what it lists
  is in memory all at once. Files are in the page cache; the note of a figure says
  how many bytes they hold uncompressed, and how many of those a second were
  searched.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Figure, Run}
  alias PhoenixReplay.Native

  # What is in each session of a kind, and in nobody's.
  @everywhere %{small: "value", typical: "validate", large: "orders"}
  @nowhere "ada-4711@example.com"

  @impl true
  def run(run) do
    for {profile, fewest, sizes} <- [
          {:small, 1_000, Run.pick(run, [10_000, 100_000], [1_000])},
          {:typical, 100, Run.pick(run, [1_000, 10_000], [100])},
          {:large, 20, Run.pick(run, [200], [20])}
        ] do
      baseline = baseline(run, profile, fewest)

      for size <- sizes, {name, _} = needle <- needles(profile) do
        measure(run, profile, size, needle, size / fewest * baseline[name])
      end
    end
  end

  defp needles(profile), do: [nowhere: @nowhere, everywhere: @everywhere[profile]]

  # How long it takes with the fewest, in ns, once both sides are found to agree.
  defp baseline(run, profile, fewest) do
    path = Corpus.directory(run, profile, fewest)

    Map.new(needles(profile), fn {name, needle} ->
      ask = fn -> in_elixir(path, needle) end
      Check.equal!(Enum.sort(native(path, needle)), Enum.sort(ask.()), "#{profile} #{name}")
      samples = Run.samples(run, "ns", [baseline: ask], rounds: Run.pick(run, 5, 3))
      {name, Figure.median(samples.baseline)}
    end)
  end

  defp measure(run, profile, size, {name, needle}, baseline_ns) do
    path = Corpus.directory(run, profile, size)
    expected = if name == :nowhere, do: 0, else: size
    ask = fn -> search(path, needle) end
    Check.equal!(ask.().total, expected, "#{profile} #{name}")
    samples = Run.samples(run, "ms", [native: ask], rounds: Run.pick(run, 5, 3))
    megabytes = size * bytes(profile) / 1.0e6
    per_second = megabytes / Figure.median(samples.native) * 1.0e3

    Run.report(run, "#{profile}_#{name}/#{size}", "ms", samples.native, [baseline_ns / 1.0e6],
      note:
        "#{round(megabytes)} MB uncompressed, #{round(per_second)} MB/s; " <>
          "the baseline is multiplied from fewer"
    )
  end

  # Of a session on average, as an external term.
  defp bytes(profile) do
    count = 16
    terms = Stream.map(Corpus.recordings(profile, count), &Map.from_struct/1)
    Enum.sum(Stream.map(terms, &byte_size(:erlang.term_to_binary(&1)))) / count
  end

  defp search(path, needle) do
    {:ok, found} = Native.query([contains: needle], [limit: 50], path: path)
    found
  end

  defp native(path, needle) do
    for %{id: id} <- Backends.native().list_summaries(path: path, contains: needle), do: id
  end

  defp in_elixir(path, needle) do
    pattern = :binary.compile_pattern(needle)

    for %{id: id, params: params, session: session, url: url, events: events} <-
          Backends.baseline().list(path: path),
        in?([params, session, url, for({_, _, payload} <- events, do: payload)], pattern),
        do: id
  end

  defp in?(binary, pattern) when is_binary(binary), do: :binary.match(binary, pattern) != :nomatch
  defp in?([head | tail], pattern), do: in?(head, pattern) or in?(tail, pattern)
  defp in?(tuple, pattern) when is_tuple(tuple), do: in?(Tuple.to_list(tuple), pattern)
  defp in?(map, pattern) when is_map(map), do: in?(Map.to_list(map), pattern)
  defp in?(atom, pattern) when is_atom(atom), do: in?(Atom.to_string(atom), pattern)
  defp in?(_other, _pattern), do: false
end
