defmodule PhoenixReplay.Store do
  @moduledoc """
  Keeps recordings while their LiveViews live, and sees to it that they are
  stored when these exit.

  `start_recording/2` and `append_event/2` are called in the LiveView process
  and write to a table of their own accord; the server only watches the
  processes and finalizes.

  ## Configuration of `:phoenix_replay`

    * `:max_events` - how many events a process may append to its recording, by
      default 10 000; further ones are dropped
    * `:max_recordings`, `:max_recording_age_ms`, `:cleanup_interval_ms` - see
      `cleanup/0`
    * `:authorize` - a function that gets a recording and says whether it may be
      seen; by default all may. Of one that is only listed by its summary it gets
      no events, params and session.
  """

  use GenServer

  alias PhoenixReplay.{Persistence, Recording, Recordings, Retention, Storage}
  alias PhoenixReplay.Store.Active

  require Logger

  @default_max_events 10_000

  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(_opts), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @doc """
  Opens a recording that belongs to the calling process: when that exits, the
  recording is finalized. The events that the process appends are counted from
  here on.
  """
  @spec start_recording(binary(), Recording.t()) :: :ok
  def start_recording(id, %Recording{} = recording) do
    Active.open(id, recording)
    Process.put(__MODULE__, 0)
    GenServer.cast(__MODULE__, {:monitor, id, self()})
  end

  @doc """
  Appends an event, and returns what the calling process had counted before: nil
  if nothing yet, and also beyond `:max_events`, where the event is dropped.
  `:error` means that there is no table to append to. Whether there is such a
  recording is not looked at.
  """
  @spec append_event(binary(), Recording.event()) :: non_neg_integer() | nil | :error
  def append_event(id, event) do
    count = Process.get(__MODULE__, 0)

    if count < Application.get_env(:phoenix_replay, :max_events, @default_max_events) do
      try do
        Active.put_event(id, count, event)
        Process.put(__MODULE__, count + 1)
      rescue
        ArgumentError -> no_table()
      end
    end
  end

  defp no_table do
    Logger.warning("PhoenixReplay.Store is not running; an event is not kept")
    :error
  end

  @doc """
  Ends a recording and stores it before returning.

  One without user events is dropped instead. When storing fails the recording
  stays in flight.
  """
  @spec finalize(binary()) :: {:ok, Recording.t()} | {:error, term()} | :error
  def finalize(id) do
    with {:ok, recording} <- Active.collect(id),
         :ok <- save_if_used(recording) do
      Active.delete(id)
      {:ok, recording}
    else
      {:error, reason} -> not_saved(id, reason)
      :error -> :error
    end
  end

  defp save_if_used(recording) do
    if Recordings.user_events?(recording), do: Persistence.save(recording), else: :ok
  end

  defp not_saved(id, reason) do
    Logger.error("recording #{inspect(id)} could not be saved: #{inspect(reason)}")
    {:error, reason}
  end

  @doc "A recording in flight, with its events so far."
  @spec get_active(binary()) :: {:ok, Recording.t()} | :error
  def get_active(id), do: with({:ok, found} <- Active.collect(id), do: authorize_recording(found))

  @doc "The recordings in flight that have user events, newest first."
  @spec list_active() :: [Recording.t()]
  def list_active, do: GenServer.call(__MODULE__, :list_active)

  @doc "Summaries of the recordings in flight that have user events, newest first."
  @spec list_active_summaries() :: [Storage.summary()]
  def list_active_summaries, do: GenServer.call(__MODULE__, :list_active_summaries)

  @doc "A stored recording."
  @spec get_recording(binary()) :: {:ok, Recording.t()} | :error
  def get_recording(id) do
    with {:ok, recording} <- stored(:get, [id], :error), do: authorize_recording(recording)
  end

  @doc "All stored recordings, newest first."
  @spec list_recordings() :: [Recording.t()]
  def list_recordings, do: Enum.filter(stored(:list, [], []), &visible?/1)

  @doc "Summaries of all stored recordings, newest first."
  @spec list_recording_summaries() :: [Storage.summary()]
  def list_recording_summaries do
    summaries =
      if function_exported?(Storage.backend(), :list_summaries, 1),
        do: stored(:list_summaries, [], []),
        else: Enum.map(list_recordings(), &Recordings.summary/1)

    Enum.filter(summaries, &(&1 |> Recordings.of_summary() |> visible?()))
  end

  @doc "Deletes a stored recording; one in flight goes on."
  @spec delete_recording(binary()) :: :ok | {:error, term()}
  def delete_recording(id), do: stored(:delete, [id], :ok)

  @doc "Deletes all stored recordings; those in flight go on."
  @spec clear_all() :: :ok
  def clear_all, do: stored(:clear, [], :ok)

  defp stored(function, args, fallback) do
    Persistence.storage_call(function, args ++ [Storage.storage_opts()], fallback)
  end

  @doc """
  Deletes stored recordings that are too old (`:max_recording_age_ms`) or too
  many (`:max_recordings`, the newest stay), of those that may be seen.

  It also runs after each session that was stored when it ended and, if
  configured, every `:cleanup_interval_ms`. Everything is listed for it, whether
  there are limits or not.
  """
  @spec cleanup() :: :ok
  def cleanup do
    list_recording_summaries()
    |> Retention.expired(
      System.system_time(:millisecond),
      Application.get_env(:phoenix_replay, :max_recordings),
      Application.get_env(:phoenix_replay, :max_recording_age_ms)
    )
    |> Enum.each(&delete_recording/1)
  end

  @doc "Like `cleanup/0`, without waiting for it."
  @spec cleanup_async() :: :ok
  def cleanup_async, do: GenServer.cast(__MODULE__, :cleanup)

  @doc "Tells the store that a recording is stored and need not be kept in memory."
  @spec persisted(binary()) :: :ok
  def persisted(id), do: GenServer.cast(__MODULE__, {:persisted, id})

  @doc "The recording, if `:authorize` lets it be seen."
  @spec authorize_recording(Recording.t()) :: {:ok, Recording.t()} | :error
  def authorize_recording(recording) do
    if visible?(recording), do: {:ok, recording}, else: :error
  end

  defp visible?(recording) do
    Application.get_env(:phoenix_replay, :authorize, fn _recording -> true end).(recording)
  end

  @impl true
  def init(_opts) do
    Active.create()

    with {:error, reason} <- Persistence.init_storage() do
      Logger.error("#{inspect(Storage.backend())} could not be initialised: #{inspect(reason)}")
    end

    if interval = Application.get_env(:phoenix_replay, :cleanup_interval_ms) do
      :timer.send_interval(interval, :cleanup)
    end

    {:ok, %{monitors: %{}}}
  end

  @impl true
  def handle_call(:list_active, _from, state), do: {:reply, in_flight(state), state}

  def handle_call(:list_active_summaries, _from, state) do
    {:reply, Enum.map(in_flight(state), &Recordings.active_summary/1), state}
  end

  defp in_flight(state) do
    recordings =
      for id <- Map.values(state.monitors),
          {:ok, recording} <- [get_active(id)],
          Recordings.user_events?(recording),
          do: recording

    Enum.sort_by(recordings, & &1.connected_at, :desc)
  end

  @impl true
  def handle_cast({:monitor, id, pid}, state) do
    {:noreply, put_in(state.monitors[Process.monitor(pid)], id)}
  end

  def handle_cast({:persisted, id}, state) do
    Active.delete(id)
    {:noreply, state}
  end

  def handle_cast(:cleanup, state) do
    cleanup()
    {:noreply, state}
  end

  @impl true
  def handle_info({:DOWN, monitor, :process, _pid, _reason}, state) do
    {id, monitors} = Map.pop(state.monitors, monitor)
    if id, do: finalize_async(id)
    {:noreply, %{state | monitors: monitors}}
  end

  def handle_info(:cleanup, state), do: handle_cast(:cleanup, state)

  defp finalize_async(id) do
    with {:ok, recording} <- Active.collect(id) do
      if Recordings.user_events?(recording),
        do: Persistence.save_async(recording),
        else: Active.delete(id)
    end
  end
end
