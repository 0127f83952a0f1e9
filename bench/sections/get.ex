defmodule Bench.Sections.Get do
  @moduledoc """
  Reading a recording back, by a process that does nothing else (its heap has to
  grow for the result) and by one with 16 MB of live data of its own, as the
  process behind a page has it. The files are in the page cache.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Limits, Peer, Run, Traffic, Workspace}

  @callers [small_heap: :fresh, large_heap: {:live_words, 2_000_000}]
  @count 64

  @impl true
  def run(run) do
    stored = for profile <- [:typical, :large], do: {profile, corpus(run, profile)}
    stored = stored ++ [fixtures: fixtures(run)]
    for {name, {path, recordings}} <- stored, do: check(name, path, recordings)

    for {name, {path, recordings}} <- stored, {heap, caller} <- @callers do
      Run.compare(run, "#{name}/#{heap}", "µs",
        native: reader(Backends.native(), path, ids(recordings)),
        baseline: reader(Backends.baseline(), path, ids(recordings)),
        caller: caller
      )
    end

    {path, recordings} = stored[:typical]
    limits(run, path, recordings)
    peers(run, path, recordings)
  end

  defp corpus(run, profile) do
    count = Run.pick(run, @count, 8)
    recordings = for number <- 1..count, do: Corpus.recording(profile, number)
    {Corpus.directory(run, profile, count), recordings}
  end

  defp fixtures(run) do
    recordings = Traffic.fixture_sessions(7)
    path = Workspace.directory(run, "fixtures")
    for recording <- recordings, do: :ok = Backends.baseline().save(recording, path: path)
    {path, recordings}
  end

  defp check(name, path, recordings) do
    for recording <- recordings, backend <- [Backends.native(), Backends.baseline()] do
      got = backend.get(recording.id, path: path)
      Check.equal!(got, {:ok, recording}, "#{inspect(backend)}.get of #{name}")
    end
  end

  defp ids(recordings), do: Enum.map(recordings, & &1.id)

  defp reader(backend, path, ids) do
    next = Backends.cycle(ids)
    fn -> {:ok, _} = backend.get(next.(), path: path) end
  end

  defp limits(run, path, [recording | _] = recordings) do
    encoded = :erlang.term_to_binary(Map.from_struct(recording))

    for {name, limit} <- [
          binary_to_term: Limits.binary_to_term(encoded),
          memcpy: Limits.memcpy(encoded)
        ] do
      Run.compare(run, "limit/#{name}", "µs",
        native: reader(Backends.native(), path, ids(recordings)),
        baseline: limit,
        caller: :fresh
      )
    end
  end

  defp peers(run, path, recordings) do
    Peer.each(run, fn name, peer, state ->
      if Peer.readable?(peer) do
        for recording <- recordings, do: Peer.check!(peer, state, recording)
        next = Backends.cycle(ids(recordings))

        Run.compare(run, "typical/#{name}", "µs",
          native: reader(Backends.native(), path, ids(recordings)),
          baseline: fn -> {:ok, _} = peer.get(state, next.()) end,
          caller: :fresh,
          note: "#{name} keeps it uncompressed"
        )
      end
    end)
  end
end
