defmodule PhoenixReplay.Native.Test.Attack.SchedulerTime do
  @moduledoc false
  # How long calls keep a normal scheduler. The clock of the wall does not tell on a machine with
  # other work, nor does `long_schedule`, which goes by it; so this goes by the time that the
  # scheduler's thread has had a processor, as the kernel counts it. The VM must have one normal
  # scheduler (`+S 1:1`). What else that does between two looks, some 0.05 ms, counts too.

  # As long as none may.
  @limit_us 1_000

  # What took longer is done again: the kernel takes its own time from whoever is on the processor,
  # and the least of several counts.
  @again 5

  @doc "A table for the longest of each function, and the call that fills it."
  def start do
    1 = :erlang.system_info(:schedulers)
    table = :ets.new(:scheduler_time, [:public])
    path = "/proc/self/task/#{scheduler()}/schedstat"
    {table, fn name_and_what, call -> measure(table, clock(path), name_and_what, call) end}
  end

  @doc "The longest of each function, as `{name, microseconds, with_what}`, the longest first."
  def longest(table), do: table |> :ets.tab2list() |> Enum.sort_by(&(-elem(&1, 1)))

  @doc "Those that kept a scheduler for too long."
  def too_long(table), do: Enum.filter(longest(table), fn {_, us, _} -> us > @limit_us end)

  defp scheduler do
    Enum.find(File.ls!("/proc/self/task"), fn task ->
      String.trim(File.read!("/proc/self/task/#{task}/comm")) in ["1_scheduler", "erts_sched_1"]
    end)
  end

  # A raw file belongs to a process.
  defp clock(path) do
    with nil <- Process.get(__MODULE__) do
      {:ok, clock} = :file.open(path, [:raw, :read, :binary])
      Process.put(__MODULE__, clock)
      clock
    end
  end

  defp measure(table, clock, {name, what}, call) do
    {us, result} = took(clock, call)
    us = if us > @limit_us, do: least(clock, call, us), else: us
    known = with [{_, known, _}] <- :ets.lookup(table, name), do: known
    if known == [] or us > known, do: :ets.insert(table, {name, us, what})
    result
  end

  defp least(clock, call, us) do
    Enum.reduce(1..@again, us, fn _, least -> min(least, elem(took(clock, call), 0)) end)
  end

  defp took(clock, call) do
    before = now(clock)
    result = call.()
    {div(now(clock) - before, 1000), result}
  end

  # Nanoseconds on a processor are the first of its numbers.
  defp now(clock) do
    {:ok, text} = :file.pread(clock, 0, 100)
    {ns, _} = Integer.parse(text)
    ns
  end
end
