defmodule PhoenixReplay.Native.Store do
  @moduledoc """
  Recordings in flight, in the native engine: a drop-in for
  `PhoenixReplay.Store`.

  It has the functions of that module, with the same results, and needs
  `storage: PhoenixReplay.Storage.Native`. `PhoenixReplay.Native.Recorder` uses
  it; an application hardly ever calls it directly.

  What is different from the host's:

    * An event is safe when `append_event/2` returns: it survives the death of
      the VM, and the recording is completed at the next start.
    * Any process may append to a recording, and a process may have several.
    * The end of a session costs the VM nothing: native threads put together
      what is encoded already, compress it and save it.
    * A recording that has reached `:max_events` (application environment of
      `:phoenix_replay`, read when the recording starts, default 10 000)
      refuses further events, and says so: its summary has `truncated?: true`.

  No process has to be started for any of this.
  """

  require Logger

  alias PhoenixReplay.Native.{Active, Error}
  alias PhoenixReplay.{Recording, Storage}
  alias PhoenixReplay.Storage.Native

  @doc """
  Starts a recording that ends with the calling process.

  Its events so far are those of `recording`; `:error` if it can't be started,
  and the log says why.
  """
  @spec start_recording(binary(), Recording.t()) :: :ok | :error
  def start_recording(id, %Recording{} = recording) when is_binary(id) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- Active.start(%{recording | id: id}, max_events(), opts) do
      Process.put(__MODULE__, {id, handle})
      :ok
    else
      {:error, reason} ->
        log_not_started(reason)
        :error
    end
  end

  # Said when it was to be loaded, and not for each session again.
  defp log_not_started({:not_loaded, _text}), do: :ok

  defp log_not_started(reason),
    do: Logger.error("PhoenixReplay: a recording can't be started: #{Error.format(reason)}")

  @doc """
  Appends an event, from any process.

  `{:error, :not_found}`: there is no such recording; `{:error, :ended}`: it
  has ended; `{:error, :max_events}`: it is full; any other reason is the
  operating system's. What was appended before is safe in every case.
  """
  @spec append_event(binary(), Recording.event() | tuple()) :: :ok | {:error, Error.reason()}
  def append_event(id, event) do
    case Process.get(__MODULE__) do
      {^id, handle} ->
        case Active.append(handle, event) do
          # The id may have been started again since.
          {:error, :ended} = ended -> append_elsewhere(id, event, ended)
          # The native library was loaded anew.
          {:error, :badarg} -> append_elsewhere(id, event, {:error, :not_found})
          result -> result
        end

      _ ->
        append_elsewhere(id, event, {:error, :not_found})
    end
  end

  # Another process's recording, or one of several: found by its id once, and
  # then remembered in place of the last one.
  defp append_elsewhere(id, event, not_found) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- Active.lookup(id, opts) do
      Process.put(__MODULE__, {id, handle})
      Active.append(handle, event)
    else
      {:error, :not_found} -> not_found
      {:error, reason} -> {:error, reason}
    end
  end

  @doc """
  Ends a recording and saves it before returning. One without user events is
  dropped, as when its process ends.

  With `{:error, reason}` saving has failed for now; it is tried again in the
  background for as long as it takes.
  """
  @spec finalize(binary()) :: {:ok, Recording.t()} | {:error, Error.reason()} | :error
  def finalize(id) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- Active.lookup(id, opts),
         {:ok, recording} <- Active.recording(handle),
         :ok <- Active.finalize(handle, id, opts) do
      {:ok, recording}
    else
      {:error, :not_found} -> :error
      {:error, reason} -> {:error, reason}
    end
  end

  @doc "A recording in flight, with its events so far."
  @spec get_active(binary()) :: {:ok, Recording.t()} | :error
  def get_active(id) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- Active.lookup(id, opts),
         {:ok, recording} <- Active.recording(handle) do
      if authorized?(recording), do: {:ok, recording}, else: :error
    else
      {:error, _reason} -> :error
    end
  end

  @doc "The recordings in flight that have user events, newest first."
  @spec list_active() :: [Recording.t()]
  def list_active do
    for %{id: id} <- list_active_summaries(),
        {:ok, recording} <- [get_active(id)],
        do: recording
  end

  @doc "Their summaries, newest first."
  @spec list_active_summaries() :: [map()]
  def list_active_summaries do
    case storage_opts() do
      {:ok, opts} ->
        opts |> Native.list_summaries() |> Enum.filter(&(&1.active? and allowed?(&1)))

      {:error, _reason} ->
        []
    end
  end

  @doc "See `PhoenixReplay.Store.get_recording/1`."
  defdelegate get_recording(id), to: PhoenixReplay.Store

  @doc "See `PhoenixReplay.Store.list_recordings/0`."
  defdelegate list_recordings(), to: PhoenixReplay.Store

  @doc "The summaries of the stored recordings, newest first."
  @spec list_recording_summaries() :: [map()]
  def list_recording_summaries do
    Enum.reject(PhoenixReplay.Store.list_recording_summaries(), & &1.active?)
  end

  @doc "Deletes a stored recording, or discards one in flight."
  defdelegate delete_recording(id), to: PhoenixReplay.Store

  @doc "Deletes all stored recordings; those in flight go on."
  defdelegate clear_all(), to: PhoenixReplay.Store

  @doc "See `PhoenixReplay.Store.cleanup/0`."
  defdelegate cleanup(), to: PhoenixReplay.Store

  defp max_events, do: Application.get_env(:phoenix_replay, :max_events, 10_000)

  defp storage_opts do
    case Storage.backend() do
      Native -> {:ok, Storage.storage_opts()}
      other -> {:error, {:wrong_storage, other}}
    end
  end

  defp authorized?(recording) do
    case Application.get_env(:phoenix_replay, :authorize) do
      nil -> true
      authorize -> authorize.(recording)
    end
  end

  defp allowed?(summary) do
    fields = Map.take(summary, [:id, :view, :url, :connected_at])
    authorized?(struct(%Recording{params: %{}, session: %{}, events: []}, fields))
  end
end
