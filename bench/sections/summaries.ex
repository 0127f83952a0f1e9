defmodule Bench.Sections.Summaries do
  @moduledoc """
  What a dashboard asks for every two seconds, on a directory that is open and
  does not change in between.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Figure, Limits, Peer, Peers, Run}

  # Listing more of them with the baseline would take longer than all other
  # sections, and several GB.
  @measured [100, 1_000]
  @extrapolated [10_000]

  @impl true
  def run(run) do
    figures = for count <- Run.pick(run, @measured, [50, 200]), do: {count, measured(run, count)}
    {count, figure} = List.last(figures)
    for more <- Run.pick(run, @extrapolated, []), do: extrapolated(run, more, figure, count)
  end

  defp measured(run, count) do
    path = corpus(run, count)
    expected = Backends.baseline().list_summaries(path: path)
    Check.equal!(length(expected), count, "number of summaries")
    Check.equal!(native(path), expected, "summaries of both")

    figure =
      Run.compare(run, "#{count}", "µs",
        native: fn -> native(path) end,
        baseline: fn -> Backends.baseline().list_summaries(path: path) end,
        caller: :fresh,
        rounds: Run.pick(run, 5, 3)
      )

    Run.compare(run, "#{count}/limit/nif_call", "µs",
      native: fn -> native(path) end,
      baseline: Limits.nif_call(run),
      caller: :fresh
    )

    sqlite(run, path, count, expected)
    figure
  end

  defp native(path), do: Backends.native().list_summaries(path: path)

  # The engine has to have seen the directory, and seen that it is at rest.
  defp corpus(run, count) do
    path = Corpus.directory(run, :typical, count)
    native(path)
    Process.sleep(100)
    native(path)
    path
  end

  defp extrapolated(run, count, figure, measured) do
    path = corpus(run, count)
    summaries = native(path)
    Check.equal!(length(summaries), count, "number of summaries")

    Check.equal!(
      Enum.map(summaries, & &1.id),
      Enum.reverse(Corpus.ids(count)),
      "order of summaries"
    )

    factor = div(count, measured)

    Run.compare(run, "#{count}", "µs",
      native: fn -> native(path) end,
      baseline: {:sampler, fn -> factor * 1.0e3 * Figure.median(figure.baseline) end},
      caller: :fresh,
      note: "baseline not measured: #{factor} times that of #{measured}, which is kind to it"
    )
  end

  defp sqlite(run, path, count, expected) do
    Peer.each(run, [:sqlite], fn name, peer, state ->
      for number <- 1..count, do: peer.save(state, Corpus.recording(:typical, number))
      Check.equal!(Peers.Sqlite.summaries(state), expected, "summaries of SQLite")

      Run.compare(run, "#{count}/#{name}", "µs",
        native: fn -> native(path) end,
        baseline: fn -> Peers.Sqlite.summaries(state) end,
        caller: :fresh
      )
    end)
  end
end
