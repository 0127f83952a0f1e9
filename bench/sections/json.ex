defmodule Bench.Sections.Json do
  @moduledoc """
  Saving and reading in the JSON format. The native side syncs, the baseline
  does not.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Run, Traffic, Workspace}

  @callers [small_heap: :fresh, large_heap: {:live_words, 2_000_000}]

  @impl true
  def run(run) do
    sessions = [
      typical: for(seed <- 1..4, do: Traffic.session(:typical, seed)),
      fixtures: Traffic.fixture_sessions(7)
    ]

    for {_, [recording | _]} <- sessions,
        backend <- [Backends.native(), Backends.baseline()] do
      Backends.check_save!(run, backend, recording, format: :json)
    end

    for {name, originals} <- sessions do
      saves(run, name, originals)
      gets(run, name, originals)
    end
  end

  defp saves(run, name, originals) do
    Run.compare(run, "#{name}/save", "µs",
      native: saver(run, Backends.native(), originals),
      baseline: saver(run, Backends.baseline(), originals),
      max_calls: 60,
      before: &Workspace.settle/0
    )
  end

  defp saver(run, backend, originals) do
    opts = [path: Workspace.directory(run, "json"), format: :json]
    next = Backends.supply(originals)
    fn -> :ok = backend.save(next.(), opts) end
  end

  defp gets(run, name, originals) do
    opts = [path: Workspace.directory(run, "json-get"), format: :json]
    for recording <- originals, do: :ok = Backends.baseline().save(recording, opts)

    for %{id: id} <- originals do
      expected = Backends.baseline().get(id, opts)
      Check.equal!(Backends.native().get(id, opts), expected, "get of #{name}")
    end

    for {heap, caller} <- @callers do
      Run.compare(run, "#{name}/get/#{heap}", "µs",
        native: reader(Backends.native(), originals, opts),
        baseline: reader(Backends.baseline(), originals, opts),
        caller: caller
      )
    end
  end

  defp reader(backend, originals, opts) do
    next = Backends.cycle(Enum.map(originals, & &1.id))
    fn -> {:ok, _} = backend.get(next.(), opts) end
  end
end
