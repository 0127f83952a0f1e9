defmodule Bench.Sections.Lifecycle do
  @moduledoc """
  What an event costs over its whole life: appended, encoded, compressed,
  saved. CPU time is that of the whole VM with its native threads, in a VM
  whose idle schedulers sleep; beside it the time on the clock, from the first
  append until all is saved, with as many sessions at a time as there are cores.

  The native side syncs what it saves. The baseline is spared its clean-up,
  which lists all stored recordings after each one.
  """

  @behaviour Bench.Section

  alias Bench.{Child, ProcessUsage, Run, Sessions, Side, Traffic, Workspace}

  @impl true
  def run(run) do
    if ProcessUsage.available?() do
      for {profile, sessions} <- [
            typical: Run.pick(run, 300, 60),
            large: Run.pick(run, 40, 8)
          ] do
        profile(run, profile, sessions)
      end
    else
      Bench.Report.note("this system does not tell CPU times: lifecycle skipped")
    end
  end

  defp profile(run, profile, sessions) do
    {natives, baselines} =
      Side.in_turns(Run.pick(run, 5, 2), fn side ->
        path = Workspace.directory(run, "lifecycle")
        Workspace.settle()

        Child.with_new([quiet?: true], fn child ->
          Child.call(child, __MODULE__, :sample, [side, path, profile, sessions])
        end)
      end)

    events = sessions * Traffic.events_per_session(profile)

    for measure <- [:cpu, :wall] do
      per_event = fn samples -> for sample <- samples, do: sample[measure] / events / 1.0e3 end

      Run.report(run, "#{profile}/#{measure}", "µs", per_event.(natives), per_event.(baselines),
        note: "per event, #{sessions} sessions; baseline without its clean-up"
      )
    end
  end

  @doc false
  # In the child. The first sessions warm it up and are checked.
  def sample(side, path, profile, sessions) do
    :ok = Side.open(side, path, clean_up?: false)
    Sessions.prepare(profile)
    before = max(div(sessions, 4), 8)
    Sessions.run(side, 1..before)
    Side.settle(side, before)
    for number <- 1..8, do: Side.check_stored!(Sessions.recording(number))

    cpu = ProcessUsage.cpu_ns()
    started = System.monotonic_time(:nanosecond)
    Sessions.run(side, (before + 1)..(before + sessions))
    Side.settle(side, before + sessions)
    wall = System.monotonic_time(:nanosecond) - started
    %{wall: wall, cpu: ProcessUsage.cpu_ns() - cpu}
  end
end
