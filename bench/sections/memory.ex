defmodule Bench.Sections.Memory do
  @moduledoc """
  What an event takes while its session goes on: resident memory of a VM that
  holds many sessions, pages of mapped files included, less what it was before
  the store was opened. So what a side holds in reserve is counted with it. The
  processes are there before and after.
  """

  @behaviour Bench.Section

  alias Bench.{Check, Child, ProcessUsage, Run, Side, Traffic, Workspace}
  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.Storage

  @impl true
  def run(run) do
    if ProcessUsage.available?() do
      for {profile, sessions} <- [
            tiny: Run.pick(run, 10_000, 4_000),
            typical: Run.pick(run, 400, 150),
            large: Run.pick(run, 60, 25)
          ] do
        profile(run, profile, sessions)
      end
    else
      Bench.Report.note("this system does not tell memory: memory skipped")
    end
  end

  defp profile(run, profile, sessions) do
    events = sessions * Traffic.events_per_session(profile)

    {natives, baselines} =
      Side.in_turns(Run.pick(run, 3, 2), fn side ->
        path = Workspace.directory(run, "memory")

        Child.with_new(fn child ->
          Child.call(child, __MODULE__, :sample, [side, path, profile, sessions]) / events
        end)
      end)

    Run.report(run, "#{profile}", "bytes", natives, baselines,
      note: "per event, #{sessions} sessions of #{Traffic.events_per_session(profile)}"
    )
  end

  @doc false
  # In the child: the bytes that all sessions take.
  def sample(side, path, profile, sessions) do
    pids = for number <- 1..sessions, do: spawn(fn -> session(side, profile, number) end)
    warm_up(side, profile)
    before = ProcessUsage.resident_bytes()
    :ok = Side.open(side, path)
    Enum.each(pids, &record/1)
    used = ProcessUsage.resident_bytes() - before
    check(side, profile, sessions)
    used
  end

  # What anybody's code needs, and the heap of a process that makes events.
  defp warm_up(side, profile) do
    {:ok, _} = Application.ensure_all_started(:crypto)

    modules = [
      Nif,
      Directories,
      Side.store(side),
      Storage.Native,
      Storage.File,
      PhoenixReplay.Recording
    ]

    Enum.each(modules, &Code.ensure_loaded!/1)
    fn -> Traffic.session(profile, 0) end |> Task.async() |> Task.await()
  end

  # One after the other, so that the heaps of those at work are never many.
  defp record(pid) do
    send(pid, {:record, self()})

    receive do
      {:recorded, ^pid} -> :ok
    end
  end

  # Each makes its own events, so that nothing is shared between sessions.
  defp session(side, profile, number) do
    receive do
      {:record, parent} ->
        %{events: [first | events]} = recording = Traffic.session(profile, number)
        store = Side.store(side)
        :ok = store.start_recording(recording.id, %{recording | events: [first]})
        for event <- events, do: :ok = Side.append!(store, recording.id, event)
        send(parent, {:recorded, self()})
        :erlang.hibernate(Bench.Sessions, :wait, [])
    end
  end

  defp check(side, profile, sessions) do
    store = Side.store(side)
    Check.equal!(length(store.list_active_summaries()), sessions, "sessions in flight")
    recording = Traffic.session(profile, sessions)
    Check.equal!(store.get_active(recording.id), {:ok, recording}, "a recording in flight")
  end
end
