defmodule Bench.Sessions do
  @moduledoc """
  Sessions that are being recorded, each in a process of its own as a LiveView
  is. Their events are made beforehand and read without a copy, so that hardly
  anything but the recording is measured.
  """

  alias Bench.{Side, Traffic}
  alias PhoenixReplay.Recording

  # As many different sessions; the others repeat them under ids of their own.
  @variety 8

  @doc "Makes the events of the sessions to come. `:events` as in `Bench.Traffic.session/3`."
  @spec prepare(Traffic.profile(), events: pos_integer()) :: :ok
  def prepare(profile, opts \\ []) do
    for seed <- 0..(@variety - 1) do
      :persistent_term.put({__MODULE__, seed}, Traffic.session(profile, seed, opts))
    end

    :ok
  end

  @doc "The recording that the session with this number makes."
  @spec recording(non_neg_integer()) :: Recording.t()
  def recording(number) do
    Traffic.renew(:persistent_term.get({__MODULE__, rem(number, @variety)}), name(number), number)
  end

  @doc "The id of that recording."
  @spec id(non_neg_integer()) :: binary()
  def id(number), do: Traffic.id(name(number))

  defp name(number), do: {:session, number}

  @doc "Records the sessions with these numbers, `System.schedulers_online/0` at a time."
  @spec run(Side.t(), Range.t()) :: :ok
  def run(side, numbers) do
    numbers
    |> Task.async_stream(&record(side, &1), timeout: :infinity)
    |> Stream.run()
  end

  @doc "Records them and keeps their processes alive, for `release/1`."
  @spec hold(Side.t(), Range.t()) :: [pid()]
  def hold(side, numbers) do
    parent = self()

    for number <- numbers do
      pid =
        spawn(fn ->
          record(side, number)
          send(parent, {:recorded, self()})
          :erlang.hibernate(__MODULE__, :wait, [])
        end)

      receive do
        {:recorded, ^pid} -> pid
      end
    end
  end

  @doc false
  def wait do
    receive do
      :end -> :ok
    end
  end

  @doc "Ends sessions that are held."
  @spec release([pid()]) :: :ok
  def release(pids), do: Enum.each(pids, &send(&1, :end))

  @doc """
  Records the session with this number in a process that exits then, and waits
  for that. Returns when it did, in ns of the monotonic clock. What is written
  ahead of its need is given the time for it, so that it is not of the end.
  """
  @spec record_and_exit(Side.t(), non_neg_integer()) :: integer()
  def record_and_exit(side, number) do
    {pid, monitor} =
      spawn_monitor(fn ->
        record(side, number)
        Process.sleep(20)
        exit({:ends, System.monotonic_time(:nanosecond)})
      end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, {:ends, ended}} -> ended
    end
  end

  @doc "Records the session with this number in the calling process."
  @spec record(Side.t(), non_neg_integer()) :: :ok
  def record(side, number) do
    recording = recording(number)
    [first | events] = recording.events
    store = Side.store(side)
    :ok = store.start_recording(recording.id, %{recording | events: [first]})
    for event <- events, do: :ok = Side.append!(store, recording.id, event)
    :ok
  end
end
