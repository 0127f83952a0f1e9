defmodule Bench.Sections.Exit do
  @moduledoc """
  From the exit of a session's process until its recording of 400 typical
  events is saved, with nothing else going on. The native side has synced it
  then, the baseline has handed it to the kernel. Either tells it in a message.
  """

  @behaviour Bench.Section

  alias Bench.{Child, Limits, Run, Sessions, Side, Workspace}

  @impl true
  def run(run) do
    children =
      for side <- [:native, :baseline] do
        child = Child.start()
        path = Workspace.directory(run, "exit")
        Child.call(child, __MODULE__, :prepare, [side, path])
        {side, child}
      end

    opts = [rounds: Run.pick(run, 40, 15), before: &Workspace.settle/0]

    Run.compare(
      run,
      "typical",
      "ms",
      [native: sampler(children, :native), baseline: sampler(children, :baseline)] ++ opts
    )

    Run.compare(
      run,
      "typical/limit/fdatasync",
      "ms",
      [native: sampler(children, :native), baseline: Limits.fdatasync(run), max_calls: 1] ++ opts
    )

    for {_side, child} <- children, do: Child.kill(child)
  end

  defp sampler(children, side) do
    {:sampler, fn -> Child.call(children[side], __MODULE__, :sample, [side]) end}
  end

  @doc false
  def prepare(side, path, opts \\ []) do
    :ok = Side.open(side, path, [clean_up?: false] ++ opts)
    Sessions.prepare(:typical)
    :persistent_term.put(__MODULE__, :counters.new(1, []))

    for number <- 1..4 do
      # Each in a process of its own, which is told of nothing else.
      fn -> sample(side) end |> Task.async() |> Task.await()
      Side.check_stored!(Sessions.recording(number))
    end

    :ok
  end

  @doc false
  # In the child: one session, in ns from its end.
  def sample(side) do
    Side.watch(side)
    counter = :persistent_term.get(__MODULE__)
    :counters.add(counter, 1, 1)
    number = :counters.get(counter, 1)

    ended = Sessions.record_and_exit(side, number)
    Side.await_saved(side, Sessions.id(number))
    elapsed = System.monotonic_time(:nanosecond) - ended
    Side.settle(side, number)
    elapsed
  end
end
