defmodule PhoenixReplay.Native.InFlight do
  @moduledoc false
  # The native calls for recordings in flight. Each has a form that a normal
  # scheduler may run, which answers `:again` when the work is too much for
  # it, and a dirty form that does it all.

  alias PhoenixReplay.Native.{Directories, Error, Nif, Reading, Subject}
  alias PhoenixReplay.Recording

  # Looks for whether a recording is saved, a millisecond between two: seconds, and more of them on
  # a machine that is slow, or stood still, just then.
  @looks 5_000

  # A longer id is looked at, and perhaps copied, for too long on a normal
  # scheduler.
  @max_id_bytes 65_536

  @fields [:id, :view, :url, :params, :session, :connected_at, :events]

  # What the native side counts with.
  @no_limit 0xFFFF_FFFF

  @spec start(Recording.t(), max_events :: term(), keyword(), Subject.t() | nil) ::
          {:ok, Nif.active()} | {:error, Error.reason()}
  def start(recording, max_events, opts, subject \\ nil)

  def start(%{id: id}, _max_events, _opts, _subject) when byte_size(id) > @max_id_bytes,
    do: {:error, {:invalid_recording, :id}}

  def start(%{id: id} = recording, max_events, opts, subject) do
    fields = Map.take(recording, @fields)
    max_events = limit(max_events)

    Directories.run(opts, fn directory, format ->
      case Nif.active_start(directory, id, fields, max_events, format, subject) do
        :again -> Nif.active_start_dirty(directory, id, fields, max_events, format, subject)
        result -> result
      end
    end)
  end

  # The host compares the number of events so far with `<`: another event is
  # taken at 1 of 1.5, and any term that is no number is more than all numbers.
  defp limit(max) when is_float(max), do: max |> Float.ceil() |> trunc() |> limit()
  defp limit(max) when is_integer(max), do: max |> max(0) |> min(@no_limit)
  defp limit(_any), do: @no_limit

  # What did not change since the event that left `base` is referred to.
  @spec append(Nif.active(), tuple(), Nif.base() | nil) ::
          :ok | {:ok, Nif.base()} | {:error, Error.reason()}
  def append(handle, event, base) do
    case Nif.active_append(handle, event, base) do
      :again -> Nif.active_append_dirty(handle, event, base)
      result -> result
    end
  end

  @typedoc """
  Assigns that no sanitizer has seen: when, as `:delta` or `:snapshot`, the keys of
  which map, and their values in which map. A snapshot has all values, if any of
  the keys is not left out.
  """
  @type assigns :: {offset_ms :: integer(), :delta | :snapshot, map(), map()}

  # By the rules of the host's default sanitizer; `:refused` if they do not cover it.
  @spec append_raw(Nif.active(), assigns(), Nif.base() | nil) ::
          :ok | {:ok, Nif.base()} | :refused | {:error, Error.reason()}
  def append_raw(handle, {offset, form, keys, values} = assigns, base) do
    result =
      case Nif.active_changes(handle, offset, form, keys, values, base) do
        :again -> Nif.active_changes_dirty(handle, offset, form, keys, values, base)
        result -> result
      end

    case result do
      {:module, module} ->
        schema? = function_exported?(module, :__schema__, 1)

        # What is said of a module is remembered, and one that is not loaded may be
        # another one later.
        if schema? or :erlang.module_loaded(module) do
          with :ok <- Nif.active_module(handle, module, schema?),
               do: append_raw(handle, assigns, base)
        else
          :refused
        end

      result ->
        result
    end
  end

  @spec put_subject(Nif.active(), Subject.t()) :: :ok | {:error, Error.reason()}
  def put_subject(handle, subject) do
    case Nif.active_subject(handle, subject) do
      :again -> Nif.active_subject_dirty(handle, subject)
      result -> result
    end
  end

  @spec lookup(term(), keyword()) :: {:ok, Nif.active()} | {:error, Error.reason()}
  # None of such an id was ever started.
  def lookup(id, _opts) when not is_binary(id) or byte_size(id) > @max_id_bytes,
    do: {:error, :not_found}

  def lookup(id, opts),
    do: Directories.run(opts, fn directory, _ -> Nif.active_lookup(directory, id) end)

  @spec recording(Nif.active()) :: {:ok, Recording.t()} | {:error, Error.reason()}
  def recording(handle), do: Reading.run(&Nif.active_recording(handle, &1))

  @doc """
  Ends a recording and waits until it is saved, or dropped: for as long as its
  first attempts may take, not for a disk that stays full. Returns all that was
  appended to it.
  """
  @spec finalize(Nif.active(), binary(), keyword()) ::
          {:ok, Recording.t()} | {:error, Error.reason()}
  def finalize(handle, id, opts) do
    with {:ok, recording} <- finish(handle),
         :ok <- await_saved(id, opts, @looks) do
      {:ok, recording}
    end
  end

  defp finish(handle) do
    case Nif.active_finish(handle) do
      {:ok, fields} -> {:ok, struct(Recording, fields)}
      # It has ended all the same.
      {:error, {:unknown_atom, _view}} -> recording(handle)
      {:error, reason} -> {:error, reason}
    end
  end

  defp await_saved(_id, _opts, 0), do: {:error, :etimedout}

  defp await_saved(id, opts, looks) do
    case lookup(id, opts) do
      {:error, :not_found} ->
        :ok

      {:ok, _handle} ->
        Process.sleep(1)
        await_saved(id, opts, looks - 1)

      {:error, reason} ->
        {:error, reason}
    end
  end
end
