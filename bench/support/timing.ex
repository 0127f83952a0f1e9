defmodule Bench.Timing do
  @moduledoc """
  Takes one sample: the mean time of a call, in ns, over many calls.

  What a call costs depends on the process that makes it: a result of hundreds
  of kilobytes makes a new process grow its heap several times over, and makes
  one with much live data collect it again and again. So the caller is chosen:

    * `:plain`: one process for all calls of the sample
    * `:fresh`: a new process for each call; only the call is timed
    * `{:live_words, n}`: one process, which keeps `n` words of live data
  """

  @type caller :: :plain | :fresh | {:live_words, pos_integer()}

  @doc "The mean time of `calls` calls, in ns."
  @spec sample((() -> term()), pos_integer(), caller()) :: float()
  def sample(fun, calls, caller) do
    total(fun, calls, caller) / calls
  end

  defp total(fun, calls, :plain), do: in_process(fn -> time(fun, calls) end)

  defp total(fun, calls, :fresh) do
    Enum.reduce(1..calls, 0, fn _, total -> total + in_process(fn -> time(fun, 1) end) end)
  end

  defp total(fun, calls, {:live_words, words}) do
    in_process(fn ->
      # A list cell is two words. It is old data once it survived a collection.
      live = Enum.to_list(1..div(words, 2))
      :erlang.garbage_collect()
      elapsed = time(fun, calls)
      ^words = 2 * length(live)
      elapsed
    end)
  end

  @doc "How many calls take about `target_ms`, between 1 and `max_calls`."
  @spec calls_for((() -> term()), pos_integer(), pos_integer()) :: pos_integer()
  def calls_for(fun, target_ms, max_calls) do
    in_process(fn ->
      fun.()
      probe(fun, 1, target_ms * 1_000_000, max_calls)
    end)
  end

  # A single call is too short to time when it takes less than the clock does.
  defp probe(fun, calls, target_ns, max_calls) do
    elapsed = time(fun, calls)

    cond do
      calls >= max_calls -> max_calls
      elapsed < target_ns / 20 -> probe(fun, min(calls * 10, max_calls), target_ns, max_calls)
      true -> (calls * target_ns / elapsed) |> round() |> max(1) |> min(max_calls)
    end
  end

  defp time(fun, calls) do
    started = System.monotonic_time()
    repeat(fun, calls)
    System.convert_time_unit(System.monotonic_time() - started, :native, :nanosecond)
  end

  defp repeat(_fun, 0), do: :ok

  defp repeat(fun, calls) do
    fun.()
    repeat(fun, calls - 1)
  end

  # A task would copy what the function has closed over just the same, but it
  # would also link: here a failure is raised with its own stack trace.
  defp in_process(fun) do
    {pid, monitor} =
      spawn_monitor(fn ->
        exit({:measured, fun.()})
      end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, {:measured, result}} -> result
      {:DOWN, ^monitor, :process, ^pid, reason} -> raise Exception.format_exit(reason)
    end
  end
end
