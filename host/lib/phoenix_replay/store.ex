defmodule PhoenixReplay.Store do
  @moduledoc """
  Keeps recordings while their LiveViews live, and sees to it that they are
  stored when these exit.

  `start_recording/2` and `append_event/2` are called in the LiveView process
  and write to a table of their own accord; the server only watches the
  processes and finalizes.

  ## Configuration of `:phoenix_replay`

    * `:max_events` - how many events a recording takes, by default 10 000;
      further ones are dropped
    * `:max_recordings`, `:max_recording_age_ms`, `:cleanup_interval_ms` - see
      `cleanup/0`
    * `:authorize` - a function that gets a recording or a summary and says
      whether it may be seen; by default all may
  """

  use GenServer

  alias PhoenixReplay.{Authorization, Persistence, Recording, Recordings, Retention, Storage}
  alias PhoenixReplay.Store.Active

  require Logger

  @default_max_events 10_000

  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @doc """
  Opens a recording that belongs to the calling process: when that exits, the
  recording is finalized.
  """
  @spec start_recording(binary(), Recording.t()) :: :ok | :error
  def start_recording(id, %Recording{} = recording) when is_binary(id) do
    with_table(id, fn ->
      Active.open(id, recording)
      Process.put({__MODULE__, id}, 0)
      GenServer.cast(__MODULE__, {:monitor, id, self()})
    end)
  end

  @doc """
  Appends an event to a recording. Events beyond `:max_events` are dropped;
  `:error` means that there is no such recording.
  """
  @spec append_event(binary(), Recording.event()) :: :ok | :error
  def append_event(id, event) do
    case Process.get({__MODULE__, id}) do
      nil -> append_from_elsewhere(id, event)
      index -> append(id, index, event)
    end
  end

  defp append(id, index, event) do
    if index < Application.get_env(:phoenix_replay, :max_events, @default_max_events) do
      try do
        Active.put_event(id, index, event)
        Process.put({__MODULE__, id}, index + 1)
        :ok
      rescue
        ArgumentError -> no_table(id)
      end
    else
      :ok
    end
  end

  # A process that did not open the recording has no count of its events.
  defp append_from_elsewhere(id, event) do
    with_table(id, fn ->
      with {:ok, index} <- Active.next_index(id), do: append(id, index, event)
    end)
  end

  @doc """
  Ends a recording and stores it before returning.

  One without user events is dropped instead. When storing fails the recording
  stays in flight.
  """
  @spec finalize(binary()) :: {:ok, Recording.t()} | {:error, term()} | :error
  def finalize(id) do
    result = GenServer.call(__MODULE__, {:finalize, id}, :infinity)
    if match?({:ok, _recording}, result), do: Process.delete({__MODULE__, id})
    result
  end

  @doc "A recording in flight, with its events so far."
  @spec get_active(binary()) :: {:ok, Recording.t()} | :error
  def get_active(id) do
    with {:ok, recording} <- with_table(id, fn -> Active.collect(id) end),
         do: Authorization.one(recording)
  end

  @doc "The recordings in flight that have user events, newest first."
  @spec list_active() :: [Recording.t()]
  def list_active do
    case with_table("*", &Active.ids/0) do
      :error -> []
      ids -> ids |> Active.collect_all() |> with_user_events() |> Authorization.filter()
    end
  end

  defp with_user_events(recordings), do: Enum.filter(recordings, &Recordings.user_events?/1)

  @doc "Summaries of the recordings in flight that have user events, newest first."
  @spec list_active_summaries() :: [Storage.summary()]
  def list_active_summaries do
    __MODULE__ |> GenServer.call(:active_summaries, :infinity) |> Authorization.filter()
  end

  @doc "A stored recording."
  @spec get_recording(binary()) :: {:ok, Recording.t()} | :error
  def get_recording(id) do
    with {:ok, recording} <- Persistence.storage_call(:get, [id], :error),
         do: Authorization.one(recording)
  end

  @doc "All stored recordings, newest first."
  @spec list_recordings() :: [Recording.t()]
  def list_recordings, do: :list |> Persistence.storage_call([], []) |> Authorization.filter()

  @doc "Summaries of all stored recordings, newest first."
  @spec list_recording_summaries() :: [Storage.summary()]
  def list_recording_summaries, do: Authorization.filter(Persistence.list_summaries())

  @doc "Deletes a stored recording, or one that could not be stored."
  @spec delete_recording(binary()) :: :ok | {:error, term()}
  def delete_recording(id) do
    :ok = GenServer.call(__MODULE__, {:discard, id}, :infinity)
    Persistence.storage_call(:delete, [id], {:error, :storage_failed})
  end

  @doc "Deletes all stored recordings; those in flight go on."
  @spec clear_all() :: :ok | {:error, term()}
  def clear_all, do: Persistence.storage_call(:clear, [], {:error, :storage_failed})

  @doc """
  Deletes stored recordings that are too old (`:max_recording_age_ms`) or too
  many (`:max_recordings`, the newest stay).

  It also runs after each recording that was stored and, if configured, every
  `:cleanup_interval_ms`.
  """
  @spec cleanup() :: :ok
  def cleanup, do: GenServer.call(__MODULE__, :cleanup, :infinity)

  @doc "Like `cleanup/0`, without waiting for it."
  @spec cleanup_async() :: :ok
  def cleanup_async, do: GenServer.cast(__MODULE__, :cleanup)

  @doc "Tells the store that a recording is stored and need not be kept in memory."
  @spec persisted(binary()) :: :ok
  def persisted(id), do: GenServer.cast(__MODULE__, {:persisted, id})

  @impl true
  def init(_opts) do
    Active.create()
    Persistence.init_storage()
    schedule_cleanup()
    {:ok, %{monitors: %{}}}
  end

  @impl true
  def handle_call({:finalize, id}, _from, state) do
    with {:ok, recording} <- Active.collect(id),
         :ok <- save_if_used(recording) do
      Active.delete(id)
      {:reply, {:ok, recording}, unwatch(state, id), {:continue, :cleanup}}
    else
      error -> {:reply, error, state}
    end
  end

  def handle_call(:active_summaries, _from, state) do
    summaries =
      state.monitors
      |> Map.values()
      |> Active.collect_all()
      |> with_user_events()
      |> Enum.map(&Recordings.active_summary/1)

    {:reply, summaries, state}
  end

  def handle_call({:discard, id}, _from, state) do
    if id not in Map.values(state.monitors), do: Active.delete(id)
    {:reply, :ok, state}
  end

  def handle_call(:cleanup, _from, state), do: {:reply, Retention.run(), state}

  @impl true
  def handle_cast({:monitor, id, pid}, state) do
    {:noreply, put_in(state.monitors[Process.monitor(pid)], id)}
  end

  def handle_cast({:persisted, id}, state) do
    Active.delete(id)
    {:noreply, state, {:continue, :cleanup}}
  end

  def handle_cast(:cleanup, state), do: {:noreply, state, {:continue, :cleanup}}

  @impl true
  def handle_continue(:cleanup, state) do
    Retention.run()
    {:noreply, state}
  end

  @impl true
  def handle_info({:DOWN, monitor, :process, _pid, _reason}, state) do
    {id, monitors} = Map.pop(state.monitors, monitor)
    if id, do: finalize_async(id)
    {:noreply, %{state | monitors: monitors}}
  end

  def handle_info(:cleanup, state) do
    schedule_cleanup()
    {:noreply, state, {:continue, :cleanup}}
  end

  def handle_info(_other, state), do: {:noreply, state}

  defp save_if_used(recording) do
    if Recordings.user_events?(recording), do: Persistence.save(recording), else: :ok
  end

  defp finalize_async(id) do
    case Active.collect(id) do
      {:ok, recording} ->
        if Recordings.user_events?(recording),
          do: Persistence.save_async(recording),
          else: Active.delete(id)

      :error ->
        :ok
    end
  end

  defp unwatch(state, id) do
    monitors = for {monitor, ^id} <- state.monitors, do: monitor
    Enum.each(monitors, &Process.demonitor(&1, [:flush]))
    %{state | monitors: Map.drop(state.monitors, monitors)}
  end

  defp schedule_cleanup do
    if interval = Application.get_env(:phoenix_replay, :cleanup_interval_ms) do
      Process.send_after(self(), :cleanup, interval)
    end
  end

  defp with_table(id, fun) do
    fun.()
  rescue
    ArgumentError -> no_table(id)
  end

  defp no_table(id) do
    Logger.warning("PhoenixReplay.Store is not running; recording #{inspect(id)} is not kept")
    :error
  end
end
