defmodule PhoenixReplay.Native.Error do
  @moduledoc """
  What can go wrong, as a value, and as a sentence.

  Functions of this library return `{:error, reason}`; `message/1` of this
  exception renders a reason for people, and raising it is for callers who
  want that:

      iex> Exception.message(%PhoenixReplay.Native.Error{reason: :enospc})
      "no space left on device"
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
      not have; `view` is the name of its LiveView, or nil
    * `{:refused, offset}`: well-formed bytes that are no term, such as a map with
      equal keys, at this byte
    * `{:unknown_options, keys, known}` and `{:invalid_option, key, expected}`:
      what `:storage_opts` got wrong
    * `{:unknown_filters, keys, known}` and `{:invalid_filter, key, expected}`:
      what a query got wrong
    * `:invalid_cursor`: damaged, or of a query with another `:sort`
    * `:no_filters`: what was asked for needs a filter that says something
    * `:ended`: the recording takes no more events
    * `:max_events`: the recording has as many events as it may have
    * `:already_active`: a recording with this id is being made
    * `{:wrong_storage, backend}`: the configured storage is not
      `PhoenixReplay.Storage.Native`
    * `:badarg`: an argument that the native library does not take
    * `:panicked`: a defect of the native library; nothing stored was touched
  """
  @type reason ::
          File.posix()
          | :not_found
          | :too_large
          | :ended
          | :max_events
          | :already_active
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
          | :invalid_cursor
          | :no_filters

  @type t :: %__MODULE__{reason: reason()}

  @enforce_keys [:reason]
  defexception [:reason]

  @doc false
  # Runs calls of the native library. What they raise is a defect, of the
  # library or of an argument that got past its checks, and must not take a
  # process of the application with it.
  @spec guard((() -> result)) :: result | {:error, reason()} when result: var
  def guard(calls) do
    calls.()
  rescue
    error in ErlangError ->
      if error.original == :nif_panicked,
        do: {:error, :panicked},
        else: reraise(error, __STACKTRACE__)

    _error in ArgumentError ->
      {:error, :badarg}
  end

  @impl true
  def message(%__MODULE__{reason: reason}), do: format(reason)

  @doc "A reason as a sentence, without a full stop."
  @spec format(reason() | term()) :: String.t()
  def format(:not_found), do: "no recording has this id"
  def format(:too_large), do: "the recording is larger than :max_recording_bytes allows"
  def format(:badarg), do: "the native library does not take an argument like this"
  def format(:panicked), do: "the native library failed; this is a bug, please report it"
  def format(:ended), do: "the recording has ended"
  def format(:max_events), do: "the recording has reached :max_events"
  def format(:already_active), do: "a recording with this id is being made"

  def format({:wrong_storage, backend}) do
    "the configured storage is #{inspect(backend)}, not PhoenixReplay.Storage.Native"
  end

  def format({:damaged, file}), do: "the file #{file} is damaged"
  def format({:invalid_recording, field}), do: "the recording's #{field} can't be stored"
  def format({:malformed, offset}), do: "not External Term Format, at byte #{offset}"
  def format({:refused, offset}), do: "the bytes at #{offset} are not a term"

  def format({:unknown_atom, nil}),
    do: "the recording mentions an atom that this system does not have"

  def format({:unknown_atom, view}) do
    "the recording of #{view} mentions an atom that this system does not have: " <>
      "the code that made it is not loaded here, or has changed since"
  end

  def format({:unknown_options, keys, known}) do
    "unknown storage options #{inspect(keys)}, known are #{inspect(known)}"
  end

  def format({:invalid_option, key, expected}) do
    "the storage option #{inspect(key)} must be #{expected}"
  end

  def format({:unknown_filters, keys, known}) do
    "unknown filters #{inspect(keys)}, known are #{inspect(known)}"
  end

  def format({:invalid_filter, key, expected}) do
    "the filter #{inspect(key)} must be #{expected}"
  end

  def format(:invalid_cursor), do: "the cursor is damaged, or of a query with another :sort"

  def format(:no_filters), do: "a filter is needed that does not match everything"

  def format(posix) when is_atom(posix) do
    case :file.format_error(posix) do
      ~c"unknown POSIX error" ++ _ -> inspect(posix)
      text -> to_string(text)
    end
  end

  def format(other), do: inspect(other)
end
