defmodule PhoenixReplay.Storage.Native do
  @moduledoc """
  Storage of finished recordings in the native engine.

      config :phoenix_replay,
        storage: PhoenixReplay.Storage.Native,
        storage_opts: [path: "priv/replay_recordings"]

  The options are described in `PhoenixReplay.Native.Options`. The files are
  those of `PhoenixReplay.Storage.File`, in both formats: a directory can be
  handed back and forth at any time.

  A recording is on disk, synced, when `save/2` returns, unless the option `:durability`
  says otherwise. Saves of several processes at once share what can be shared of that. The summaries of all
  recordings are kept in memory, so `list_summaries/1` reads no file.

  No callback raises, and each can be called from any process, before `init/1`
  too. A file that can't be read is left where it is and named in the log
  once; every other recording is served.
  """

  @behaviour PhoenixReplay.Storage

  alias PhoenixReplay.Native.{Damage, Directories, Error, Filter, Messages, Nif, Options, Page}
  alias PhoenixReplay.Native.{Query, Reading, Refusal, Subject, Telemetry}
  alias PhoenixReplay.Recording

  @fields [:id, :view, :url, :params, :session, :connected_at, :events]

  # Of a listing. There is no cursor, as there is no place for one in the result, and
  # summaries are those of the host, without paths. `:path` is the directory.
  @page_keys Page.keys() -- [:cursor, :paths, :progress]
  @filter_keys Filter.keys() -- [:path]

  @doc "Opens the directory, creating it if needed, and reads what is in it."
  @impl true
  @spec init(keyword()) :: :ok | {:error, Error.reason()}
  def init(opts) do
    # It may be closed, as any that is not used: then this opens it.
    Directories.run(opts, fn directory, _format ->
      with hint when is_integer(hint) <- Nif.store_count_hint(directory) do
        Damage.log(directory, :ok)
      end
    end)
  end

  @doc """
  Saves a recording, replacing the one with the same id.

      :ok = PhoenixReplay.Storage.Native.save(recording, path: "/srv/export", format: :json)

  In the format `:json`, what JSON can't hold (pids, functions, binaries that
  are not UTF-8, keys that are tuples) is written as readable text.

  That a recording was recovered or truncated, and whom it belongs to, is not a part
  of it; it stays when the recording is saved again, for which it has to have the
  `connected_at` that it had. Whom a new one belongs to is told by the option
  `:subject`, see `PhoenixReplay.Native.Options`.
  """
  @impl true
  @spec save(Recording.t(), keyword()) :: :ok | {:error, Error.reason()}
  def save(%Recording{} = recording, opts) do
    with {:ok, option, opts} <- Subject.pop(opts) do
      save_for(Subject.of_recording(option, recording), recording, opts)
    end
  end

  def save(_other, _opts), do: {:error, {:invalid_recording, :struct}}

  defp save_for(subject, recording, opts) do
    fields = Map.take(recording, @fields)

    Directories.run(opts, fn directory, format ->
      result = Nif.store_save(directory, fields, format, subject)

      with {:error, reason} when reason != :closed <- Refusal.log(result, :save) do
        tell_failed(recording.id, reason, Refusal.metadata(result), opts)
        {:error, reason}
      end
    end)
  end

  # The settings may have become invalid since the directory was opened with them.
  defp tell_failed(id, reason, detail, opts) do
    with {:ok, %{path: path}} <- Options.new(opts) do
      metadata = %{id: id, path: path, reason: reason, retry?: false}
      Telemetry.execute(:failed, %{attempt: 1}, Map.merge(metadata, detail))
    end
  end

  @doc """
  The recording with this id, or `:error` if there is none that can be read.

  Reading makes no atoms, and none is needed for the name of the node that a
  recording was made on: a pid, port or reference of a node that this system
  has never heard of is one of `:nonode@nohost` in what is returned, and what
  was different is still different. A function whose module or which itself is
  not to be had here is the text that `inspect/1` has for it, such as
  `"&My.Module.run/2"`. The file keeps what was recorded.

  A recording that mentions an atom which no code here has any more is `:error`,
  and the log says so; `PhoenixReplay.Native.get/3` reads it, with strings for such
  atoms.
  """
  @impl true
  @spec get(binary(), keyword()) :: {:ok, Recording.t()} | :error
  def get(id, opts) when is_binary(id) do
    read = fn directory, _format ->
      with {:error, {:damaged, _file}} = error <- Reading.read(directory, id),
           do: Damage.log(directory, error)
    end

    case Directories.run(opts, read) do
      {:ok, recording} -> {:ok, recording}
      {:error, :not_found} -> :error
      {:error, reason} -> log_unreadable(id, reason, opts)
    end
  end

  def get(_id, _opts), do: :error

  @doc "Every recording that can be read, newest first."
  @impl true
  @spec list(keyword()) :: [Recording.t()]
  def list(opts) do
    list = fn directory, _format ->
      with {:ok, ids} <- Nif.store_ids(directory), do: {:ok, read_all(directory, ids, opts)}
    end

    case Directories.run(opts, list) do
      {:ok, recordings} -> recordings
      {:error, reason} -> log_refused(:list, reason, opts)
    end
  end

  @doc """
  The summaries of all recordings, newest first: maps with the keys `:id`,
  `:view`, `:url`, `:connected_at`, `:event_count`, `:duration_ms` and
  `:active?`, and `:subject` where there is one. `:view` is the module, or its name as a string when this system
  has no such module.

  Beside the storage options, `opts` may have the filters of
  `PhoenixReplay.Native` but for `:path`, which is the directory here, and
  `:sort` and `:limit` as in
  `PhoenixReplay.Native.query/3`, but without a limit all are listed.
  """
  @impl true
  @spec list_summaries(keyword()) :: [map()]
  def list_summaries(opts) do
    {filters, page, opts} = split(opts)

    list = fn directory, _format ->
      with {:ok, summaries} <- Query.all(directory, filters, page),
           do: Damage.log(directory, {:ok, summaries})
    end

    case Directories.run(opts, list) do
      {:ok, summaries} -> summaries
      {:error, reason} -> log_refused(:list_summaries, reason, opts)
    end
  end

  # Directories are known by their storage options alone. Two of these have the
  # names of filters.
  defp split(opts) do
    if Keyword.keyword?(opts) do
      {filters, opts} = Enum.split_with(opts, &filter?/1)
      {page, opts} = Keyword.split(opts, @page_keys)
      {filters, page, opts}
    else
      {[], [], opts}
    end
  end

  defp filter?({:subject, value}), do: not Subject.option?(value)
  defp filter?({key, _value}), do: key in @filter_keys

  @doc "Deletes a recording. Deleting one that does not exist is `:ok`."
  @impl true
  @spec delete(binary(), keyword()) :: :ok | {:error, Error.reason()}
  def delete(id, opts) when is_binary(id) do
    Directories.run(opts, fn directory, _format ->
      Refusal.log(Nif.store_delete(directory, id), :delete)
    end)
  end

  def delete(_id, _opts), do: :ok

  @doc "Deletes all recordings, damaged ones too."
  @impl true
  @spec clear(keyword()) :: :ok | {:error, Error.reason()}
  def clear(opts) do
    Directories.run(opts, fn directory, _format ->
      Refusal.log(Nif.store_clear(directory), :clear)
    end)
  end

  # Where the bucket can't be had, what is here is listed, and the log says so once.
  defp read_all(directory, ids, opts) do
    {recordings, _away?} =
      Enum.flat_map_reduce(ids, false, fn id, away? ->
        case if(away?, do: Reading.here(directory, id), else: Reading.read(directory, id)) do
          {:ok, recording} ->
            {[recording], away?}

          :elsewhere ->
            {[], away?}

          # Deleted since the ids were read.
          {:error, :not_found} ->
            {[], away?}

          {:error, {:remote, why}} when why not in [:not_found, :too_large, :invalid] ->
            log_refused(:list, {:remote, why}, opts)
            {[], true}

          {:error, reason} ->
            log_unreadable(id, reason, opts)
            {[], away?}
        end
      end)

    Damage.log(directory, recordings)
  end

  # Damage is reported by file name, once, by Damage.log/2; what is not loaded, when it
  # was to be.
  defp log_unreadable(_id, {kind, _what}, _opts) when kind in [:damaged, :not_loaded], do: :error

  defp log_unreadable(id, reason, opts) do
    Messages.log(:unreadable, %{id: id, path: Directories.path(opts), reason: reason})
    :error
  end

  defp log_refused(_step, {:not_loaded, _text}, _opts), do: []

  defp log_refused(step, reason, opts) do
    Messages.log(:refused, %{step: step, path: Directories.path(opts), reason: reason})
    []
  end
end
