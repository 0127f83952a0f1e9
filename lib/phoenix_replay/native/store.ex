defmodule PhoenixReplay.Native.Store do
  @moduledoc """
  Recordings in flight, in the native engine: a drop-in for
  `PhoenixReplay.Store`.

  It has the functions of that module and needs
  `storage: PhoenixReplay.Storage.Native`. `PhoenixReplay.Native.Recorder` uses
  it; an application hardly ever calls it directly.

  An event is safe when `append_event/2` returns: it survives the death of the
  VM, and the recording is completed at the next start. The end of a session costs
  the VM nothing: native threads put together what is encoded already, compress it
  and save it. No process has to be started for any of this.

  ## Where it differs from the host's, on purpose

  No function raises, whatever its arguments are. Where nothing is said here,
  results are those of PhoenixReplay 0.2.0.

  | | host | here | why |
  | --- | --- | --- | --- |
  | `append_event/2` answers | the number of events before, or nil, also beyond the limit; `:error` if the store is down | `:ok` or `{:error, reason}` | nil does not tell a first event from one that is lost |
  | an id without a recording | keeps the events, unreachable, for good | `{:error, :not_found}` | nothing leaks |
  | an id that is not a binary | taken | `start_recording/2`: `:error`, others as for an unknown id | files are named after ids |
  | what appends are counted by | the process: a second process, or a second recording of one, writes over events | the recording: any process may append to it, and have several | nothing is lost |
  | `:max_events` (application environment, default 10 000) | read at each append | read when the recording starts; `truncated?: true` is in the summary once it is reached | a limit costs nothing |
  | an id that is in flight is started again | written over event by event | `:error`, logged, and the first goes on | nothing is lost |
  | what is not an event | kept; listing may fail because of it | `{:error, {:invalid_recording, :events}}` | one append can't spoil a recording |
  | an offset that is a float | kept, and counted | kept; `duration_ms` is in whole milliseconds | the index has no fractions |
  | `events: nil` at the start | the store fails on it, and loses everything in flight | no events so far | |
  | no `connected_at` at the start | kept; a clean-up by age fails on it | `:error`, logged | recordings are in the order of it |
  | while the store's process is down | `start_recording/2`, `get_active/1` and others raise | recording goes on | there is no process |
  | `get_recording/1` of one in flight | `:error` | the recording so far | the dashboard shows it live |
  | events after `finalize/1` | kept, unreachable, for good | `{:error, :ended}` or `{:error, :not_found}` | |
  | `finalize/1` that can't save | `{:error, reason}`; the recording goes on until its process ends | `{:error, reason}` after some seconds; it has ended, and saving is tried in the background for as long as it takes | |
  | `delete_recording/1` of one in flight | it goes on, and is saved when it ends | discarded, and gone | what is deleted does not come back |
  | `persisted/1` | forgets what is in memory | does nothing | the engine knows what it has saved |
  | `start_link/1`, `child_spec/1` | the store's process | nothing is started (`:ignore`) | there is no process |
  """

  alias PhoenixReplay.Native.{Directories, Error, InFlight, Messages, Subject}
  alias PhoenixReplay.{Recording, Storage}
  alias PhoenixReplay.Storage.Native

  @doc """
  Starts a recording that ends with the calling process.

  Its events so far are those of `recording`; `:error` if it can't be started,
  and the log says why. It may belong to somebody, who can also be named later, by
  `put_subject/2`.
  """
  @spec start_recording(binary(), Recording.t(), PhoenixReplay.Native.subject() | nil) ::
          :ok | :error
  def start_recording(id, recording, subject \\ nil) do
    with {:ok, recording} <- startable(id, recording),
         :ok <- subject(subject),
         {:ok, opts} <- storage_opts(),
         {:ok, handle} <- InFlight.start(recording, max_events(), opts, subject) do
      Process.put(__MODULE__, {id, handle, &nothing/0})
      :ok
    else
      {:error, reason} ->
        log_not_started(id, reason)
        :error
    end
  end

  defp startable(id, %Recording{} = recording) when is_binary(id) do
    {:ok, %{recording | id: id, events: recording.events || []}}
  end

  defp startable(_id, %Recording{}), do: {:error, {:invalid_recording, :id}}
  defp startable(_id, _other), do: {:error, {:invalid_recording, :struct}}

  defp subject(subject) do
    if subject == nil or Subject.valid?(subject), do: :ok, else: {:error, :invalid_subject}
  end

  # Said when it was to be loaded, and not for each session again.
  defp log_not_started(_id, {:not_loaded, _text}), do: :ok

  defp log_not_started(id, reason) do
    path = with {:ok, opts} <- storage_opts(), do: Directories.path(opts), else: (_wrong -> nil)
    Messages.log(:not_started, %{id: id, path: path, reason: reason})
  end

  @doc """
  Appends an event, from any process.

      :ok = PhoenixReplay.Native.Store.append_event(id, {1_250, :event, %{name: "pay", params: %{}}})

  `{:error, :not_found}`: there is no such recording; `{:error, :ended}`: it
  has ended; `{:error, :max_events}`: it is full; any other reason is the
  operating system's. What was appended before is safe in every case.
  """
  @spec append_event(binary(), Recording.event() | tuple()) :: :ok | {:error, Error.reason()}
  def append_event(id, event), do: append(id, :event, event, [])

  @doc false
  # Assigns that no sanitizer has seen, by the rules of the host's default one;
  # `:refused` if they do not cover it. Values under `temporary` keys are not held
  # on to by the process; others are, so that what stays the same need not be
  # recorded again.
  @spec append_raw(binary(), InFlight.assigns(), [term()]) ::
          :ok | :refused | {:error, Error.reason()}
  def append_raw(id, assigns, temporary), do: append(id, :raw, assigns, temporary)

  defp append(id, kind, what, temporary) do
    case Process.get(__MODULE__) do
      {^id, handle, held} ->
        case append_to(handle, kind, what, held.()) do
          :ok -> :ok
          # The id may have been started again since.
          {:error, :ended} = ended -> append_elsewhere(id, kind, what, temporary, ended)
          # The native library was loaded anew.
          {:error, :badarg} -> append_elsewhere(id, kind, what, temporary, {:error, :not_found})
          result -> appended(id, handle, result, temporary)
        end

      _ ->
        append_elsewhere(id, kind, what, temporary, {:error, :not_found})
    end
  end

  defp append_to(handle, :event, event, base), do: InFlight.append(handle, event, base)
  defp append_to(handle, :raw, assigns, base), do: InFlight.append_raw(handle, assigns, base)

  # Another process's recording, or one of several: found by its id once, and
  # then remembered in place of the last one.
  defp append_elsewhere(id, kind, what, temporary, not_found) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- InFlight.lookup(id, opts) do
      Process.put(__MODULE__, {id, handle, &nothing/0})
      appended(id, handle, append_to(handle, kind, what, nil), temporary)
    else
      {:error, :not_found} -> not_found
      {:error, reason} -> {:error, reason}
    end
  end

  defp appended(id, handle, {:ok, {number, values}}, temporary) do
    base = {number, Map.drop(values, temporary)}
    # A report of a crash shows what a process has in its dictionary, but of a
    # function only the name.
    Process.put(__MODULE__, {id, handle, fn -> base end})
    :ok
  end

  defp appended(_id, _handle, result, _temporary), do: result

  # What a process holds on to that has recorded no assigns.
  defp nothing, do: nil

  @doc """
  Says whom a recording in flight belongs to, once and for all. When this returns
  `:ok`, that survives the death of the VM, as events do.

      :ok = PhoenixReplay.Native.Store.put_subject(id, user.id)

  `{:error, :has_subject}`: somebody else was named before; `{:error,
  :invalid_subject}`: it is no `t:PhoenixReplay.Native.subject/0`; others are those
  of `append_event/2`.
  """
  @spec put_subject(binary(), PhoenixReplay.Native.subject()) :: :ok | {:error, Error.reason()}
  def put_subject(id, subject) do
    with true <- Subject.valid?(subject) || {:error, :invalid_subject},
         {:ok, opts} <- storage_opts(),
         {:ok, handle} <- InFlight.lookup(id, opts) do
      InFlight.put_subject(handle, subject)
    end
  end

  @doc """
  Ends a recording, saves it before returning, and returns it with every event
  that was appended. One without user events is dropped, as when its process ends.

  With `{:error, reason}` saving has failed for now; it is tried again in the
  background for as long as it takes.
  """
  @spec finalize(binary()) :: {:ok, Recording.t()} | {:error, Error.reason()} | :error
  def finalize(id) do
    with {:ok, opts} <- storage_opts(),
         {:ok, handle} <- InFlight.lookup(id, opts),
         {:ok, recording} <- InFlight.finalize(handle, id, opts) do
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
         {:ok, handle} <- InFlight.lookup(id, opts),
         {:ok, recording} <- InFlight.recording(handle) do
      authorize_recording(recording)
    else
      {:error, _reason} -> :error
    end
  end

  @doc "The recordings in flight that have user events, newest first."
  @spec list_active() :: [Recording.t()]
  def list_active do
    for %{id: id} <- in_flight(), {:ok, recording} <- [get_active(id)], do: recording
  end

  @doc "Their summaries, newest first. With `:authorize`, each recording is read for it."
  @spec list_active_summaries() :: [map()]
  def list_active_summaries do
    if Application.get_env(:phoenix_replay, :authorize),
      do: Enum.filter(in_flight(), &match?({:ok, _recording}, get_active(&1.id))),
      else: in_flight()
  end

  defp in_flight do
    case storage_opts() do
      {:ok, opts} -> opts |> Native.list_summaries() |> Enum.filter(& &1.active?)
      {:error, _reason} -> []
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

  @doc "See `PhoenixReplay.Store.cleanup_async/0`."
  defdelegate cleanup_async(), to: PhoenixReplay.Store

  @doc "See `PhoenixReplay.Store.authorize_recording/1`."
  defdelegate authorize_recording(recording), to: PhoenixReplay.Store

  @doc "Does nothing: the engine knows what it has saved."
  @spec persisted(binary()) :: :ok
  def persisted(_id), do: :ok

  @doc "Starts nothing, as there is no process to start."
  @spec start_link(term()) :: :ignore
  def start_link(_opts), do: :ignore

  @doc "For a supervisor that names this module as it would the host's."
  @spec child_spec(term()) :: Supervisor.child_spec()
  def child_spec(opts), do: %{id: __MODULE__, start: {__MODULE__, :start_link, [opts]}}

  defp max_events, do: Application.get_env(:phoenix_replay, :max_events, 10_000)

  defp storage_opts do
    case Storage.backend() do
      Native -> {:ok, Storage.storage_opts()}
      other -> {:error, {:wrong_storage, other}}
    end
  end
end
