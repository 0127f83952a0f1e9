defmodule Bench.Sections.Open do
  @moduledoc """
  Opening a directory that the engine has never seen: every file is read and
  summarized. The baseline has no such thing as opening, its counterpart is the
  first `list_summaries/1`. The files are in the page cache.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Run}

  @impl true
  def run(run) do
    count = Run.pick(run, 10_000, 1_000)
    listed = Run.pick(run, 1_000, 200)
    rounds = 5

    # A directory of its own for each round, since the engine remembers them.
    directories = for _ <- 0..rounds, do: Corpus.directory(run, :typical, count)
    [checked | directories] = directories
    baseline = Corpus.directory(run, :typical, listed)
    check(checked, count)
    next = Bench.Backends.cycle(directories)

    Run.compare(run, "#{count}", "µs/file",
      native: {:sampler, fn -> Bench.Timing.sample(opener(next.()), 1, :fresh) / count end},
      baseline: {:sampler, fn -> Bench.Timing.sample(lister(baseline), 1, :fresh) / listed end},
      rounds: rounds,
      note: "baseline: list_summaries of #{listed} of the files"
    )
  end

  defp opener(path), do: fn -> :ok = Backends.native().init(path: path) end
  defp lister(path), do: fn -> Backends.baseline().list_summaries(path: path) end

  defp check(path, count) do
    opener(path).()
    ids = for summary <- Backends.native().list_summaries(path: path), do: summary.id
    Check.equal!(ids, Enum.reverse(Corpus.ids(count)), "recordings found at opening")
  end
end
