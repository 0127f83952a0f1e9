defmodule PhoenixReplay.Native.Error do
  @moduledoc """
  What can go wrong, as a value, and as a sentence.

  Functions of this library return `{:error, reason}`; `message/1` of this
  exception renders a reason for people, and raising it is for callers who
  want that:

      iex> Exception.message(%PhoenixReplay.Native.Error{reason: :closed})
      "the directory was closed; call again"
      iex> raise PhoenixReplay.Native.Error, :enospc
      ** (PhoenixReplay.Native.Error) no space left on device; make space: what could not be saved is kept, and saved then
  """

  @typedoc """
  A POSIX code (`:enospc`, `:eacces`, `:erofs`, `:enotdir`, …) as
  `t:File.posix/0`, or

    * `:not_found`: no recording has this id
    * `:too_large`: the recording exceeds `:max_recording_bytes`, or what it may
      take in memory by that, or is nested more than a million levels deep
    * `{:damaged, file}`: the file, named without its directory, can't be read
      as a recording
    * `{:invalid_recording, field}`: a field of the recording has a value that
      can't be stored
    * `{:malformed, offset}`: not External Term Format, at this byte
    * `{:unknown_atom, view}`: the recording mentions an atom that this VM does
      not have; `view` is the name of its LiveView, or nil.
      `PhoenixReplay.Native.get/3` reads it with `unknown_atoms: :strings`.
    * `{:refused, offset}`: well-formed bytes that are no term, such as a map with
      equal keys, at this byte
    * `{:unknown_options, keys, known}` and `{:invalid_option, key, expected}`:
      what `:storage_opts`, or the options of a function, got wrong; its options come
      before those of the storage
    * `{:unknown_filters, keys, known}` and `{:invalid_filter, key, expected}`:
      what filters got wrong
    * `{:unknown_page_keys, keys, known}` and `{:invalid_page, key, expected}`:
      what the page of a query got wrong
    * `{:page_keys_among_filters, keys}`: these belong in the page, the second
      argument of `PhoenixReplay.Native.query/3`
    * `:invalid_cursor`: damaged, or of a query with another `:sort`
    * `:no_filters`: what was asked for needs a filter that does not match
      everything
    * `:ended`: the recording takes no more events
    * `:max_events`: the recording has as many events as it may have
    * `:has_subject`: the recording belongs to somebody else already
    * `:invalid_subject`: not a `t:PhoenixReplay.Native.subject/0`
    * `:id_changed`, `:invalid_result`, `{:raised, what}`, `:changed`: of one
      recording of `PhoenixReplay.Native.rewrite/4`, what the function made of it has
      another id; it returned something else; it raised an exception of this module,
      or `:throw` or `:exit`; others changed the recording each time that it was read
    * `:already_active`: a recording with this id is being made
    * `{:wrong_storage, backend}`: the configured storage is not
      `PhoenixReplay.Storage.Native`
    * `:badarg`: an argument that the native library does not take
    * `:panicked`: a defect of the native library; nothing stored was touched
    * `{:not_loaded, text}`: there is no native library, for the reason that the
      system gave when it was to be loaded
    * `{:in_flight, count}`: so many recordings are running in the directory, or
      could not be saved yet
    * `{:remote, why}`: what only the bucket has can't be had: it is `:unavailable`, because
      it can't be reached, does not answer in time or fails; `:throttled`, wants less to be
      asked of it; `:denied`, wants other credentials or rights; `:no_bucket`, not there;
      or the object in it is `:not_found`, `:too_large`, or `:invalid`, none of ours
    * `{:unsupported, :remote}`: there is a bucket in the options, and the native library was
      built without
    * `:closed`: the directory was closed while it was being used, and so again
      when it had been opened for that
  """
  @type reason ::
          File.posix()
          | :not_found
          | :too_large
          | :ended
          | :max_events
          | :already_active
          | :has_subject
          | :invalid_subject
          | :id_changed
          | :invalid_result
          | :changed
          | {:raised, module() | :throw | :exit}
          | :badarg
          | :panicked
          | {:wrong_storage, module()}
          | {:damaged, String.t()}
          | {:invalid_recording, atom()}
          | {:malformed, non_neg_integer()}
          | {:unknown_atom, String.t() | nil}
          | {:refused, non_neg_integer()}
          | {:unknown_options, [atom()], [atom()]}
          | {:invalid_option, atom(), String.t()}
          | {:unknown_filters, [atom()], [atom()]}
          | {:invalid_filter, atom(), String.t()}
          | {:unknown_page_keys, [atom()], [atom()]}
          | {:invalid_page, atom(), String.t()}
          | {:page_keys_among_filters, [atom(), ...]}
          | :invalid_cursor
          | :no_filters
          | :closed
          | {:not_loaded, String.t()}
          | {:in_flight, pos_integer()}
          | {:remote, remote_fault()}
          | {:unsupported, :remote}

  @typedoc "Why a bucket can't be used."
  @type remote_fault ::
          :unavailable | :throttled | :denied | :no_bucket | :not_found | :too_large | :invalid

  @type t :: %__MODULE__{reason: reason()}

  alias PhoenixReplay.Native.Messages

  @longest_pause_ms 20

  @enforce_keys [:reason]
  defexception [:reason]

  @doc false
  # Runs a call of the native library. What it raises is a defect, of the
  # library or of an argument that got past its checks, and must not take a
  # process of the application with it.
  @spec guard((() -> result)) :: result | {:error, reason()} when result: var
  def guard(call), do: guard(call, 1)

  defp guard(call, pause_ms) do
    call.()
  catch
    # Another process has the directory read anew, which may take a moment or
    # seconds, and this one waits for it without a scheduler.
    :error, :scanning ->
      Process.sleep(pause_ms)
      guard(call, min(2 * pause_ms, @longest_pause_ms))

    :error, raised ->
      {:error, raised(raised)}
  end

  defp raised(:nif_panicked), do: :panicked
  defp raised({:not_loaded, text}), do: {:not_loaded, text}
  # Its code is just being replaced, or was deleted.
  defp raised(:undef), do: {:not_loaded, "its module is not there"}
  defp raised(:closed), do: :closed
  # That is what the VM raises for an argument, and the glue has words of its
  # own for parts of one, such as `:invalid_variant`.
  defp raised(_argument), do: :badarg

  @impl true
  def exception(reason: reason), do: %__MODULE__{reason: reason}
  def exception(reason), do: %__MODULE__{reason: reason}

  @impl true
  def message(%__MODULE__{reason: reason}), do: format(reason)

  @doc """
  A reason as a sentence, without a full stop: what is wrong and, behind a semicolon,
  what to do about it where that does not follow.

      iex> PhoenixReplay.Native.Error.format(:ended)
      "the recording has ended"
      iex> PhoenixReplay.Native.Error.format({:damaged, "4x1F.etf.gz"})
      "the file 4x1F.etf.gz is damaged; PhoenixReplay.Native.verify/2 says why, and repair/2 moves it away"
  """
  @spec format(reason() | term()) :: String.t()
  def format(reason), do: Messages.reason(reason)
end
