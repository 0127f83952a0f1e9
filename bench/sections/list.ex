defmodule Bench.Sections.List do
  @moduledoc """
  All recordings of a directory, decoded, by a process that did nothing before.
  The files are in the page cache.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Run}

  @impl true
  def run(run) do
    count = Run.pick(run, 300, 60)
    path = Corpus.directory(run, :typical, count)
    # The corpus is numbered in the order of time.
    expected = for number <- count..1//-1, do: Corpus.recording(:typical, number)

    for backend <- [Backends.native(), Backends.baseline()] do
      Check.equal!(backend.list(path: path), expected, "#{inspect(backend)}.list")
    end

    Run.compare(run, "typical/#{count}", "ms",
      native: fn -> Backends.native().list(path: path) end,
      baseline: fn -> Backends.baseline().list(path: path) end,
      caller: :fresh
    )
  end
end
