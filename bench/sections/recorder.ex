defmodule Bench.Sections.Recorder do
  @moduledoc """
  What recording a render costs the process of the view, and what the event takes
  while its session is in flight: of views that are used as `Bench.Editing` says.
  """

  @behaviour Bench.Section

  alias Bench.{Child, Editing, Renders, Run, Workspace}

  # Renders of a session.
  @steps [counter: 1_000, form: 400, table: 200, list: 200, chat: 100]

  @impl true
  def run(run) do
    children =
      for side <- [:native, :baseline] do
        child = Child.start()
        path = Workspace.directory(run, "recorder")
        Child.call(child, Renders, :prepare, [side, path, Editing.profiles()])
        {side, child}
      end

    for profile <- Editing.profiles() do
      steps = @steps[profile]

      call = fn side, what ->
        Child.call(children[side], Renders, what, [side, profile, steps])
      end

      Run.compare(run, "#{profile}", "µs",
        native: {:sampler, fn -> call.(:native, :time) end},
        baseline: {:sampler, fn -> call.(:baseline, :time) end},
        note: "CPU of one render's event"
      )

      [natives, baselines] =
        for side <- [:native, :baseline], do: for(_ <- 1..3, do: call.(side, :bytes))

      Run.report(run, "#{profile}/memory", "bytes", natives, baselines,
        note: "of one render's event in flight"
      )
    end

    for {_side, child} <- children, do: Child.kill(child)
  end
end
