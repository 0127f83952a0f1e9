defmodule Bench.Remote do
  @moduledoc """
  A node with a bucket, in the VM where these functions are called.
  """

  alias Bench.{Figure, Side}
  alias PhoenixReplay.Native

  # What waits gives up after so long.
  @patience_ms 900_000

  @doc "Opens the directory, with a bucket if these options name one."
  @spec open(Path.t(), keyword()) :: :ok
  def open(path, opts), do: Side.open(:native, path, opts)

  @doc "What `PhoenixReplay.Native.stats/1` says."
  @spec stats() :: map()
  def stats do
    {:ok, stats} = Native.stats()
    stats
  end

  @doc "What was asked of the bucket so far."
  @spec requests() :: map()
  def requests, do: stats().remote.requests

  @doc "Requests since these."
  @spec requests_since(map()) :: map()
  def requests_since(before),
    do: Map.merge(requests(), before, fn _kind, now, then -> now - then end)

  @doc "Waits until all is in the bucket that is stored here. Without one it is."
  @spec await_uploaded() :: :ok
  def await_uploaded, do: await(fn -> stats().pending_uploads == 0 end)

  @doc "Waits until all is known that is in the bucket."
  @spec await_complete() :: :ok
  def await_complete, do: await(fn -> stats().remote.complete end)

  @doc "Waits until `done?` says so, which is called every `every_ms`."
  @spec await((() -> boolean()), pos_integer(), integer() | nil) :: :ok
  def await(done?, every_ms \\ 1, deadline \\ nil) do
    deadline = deadline || System.monotonic_time(:millisecond) + @patience_ms

    cond do
      done?.() ->
        :ok

      System.monotonic_time(:millisecond) > deadline ->
        raise "what was waited for has not come: #{inspect(stats())}"

      true ->
        Process.sleep(every_ms)
        await(done?, every_ms, deadline)
    end
  end

  @doc "In ns, of a clock that all processes of the system share."
  @spec now() :: integer()
  def now, do: :os.perf_counter(:nanosecond)

  @doc "So many sockets this process has open, where the system tells."
  @spec sockets() :: non_neg_integer()
  def sockets do
    Enum.count(File.ls!("/proc/self/fd"), fn fd ->
      match?({:ok, "socket:" <> _}, File.read_link("/proc/self/fd/#{fd}"))
    end)
  end

  @doc """
  Reports a figure that has a goal: the samples against it, so that a ratio of 1 or more is one
  that is reached.
  """
  @spec goal(Bench.Run.t(), String.t(), String.t(), [number()], number(), String.t() | nil) ::
          Figure.t()
  def goal(run, name, unit, samples, goal, note \\ nil),
    do: Bench.Run.report(run, "#{name}/goal", unit, samples, [goal], note: note)

  @doc "The sample that so many percent of all do not exceed."
  @spec percentile([number()], number()) :: number()
  def percentile(samples, percent) do
    sorted = Enum.sort(samples)
    Enum.at(sorted, min(ceil(length(sorted) * percent / 100), length(sorted)) - 1)
  end
end
