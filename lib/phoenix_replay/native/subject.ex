defmodule PhoenixReplay.Native.Subject do
  @moduledoc false
  # Whom a session belongs to, as the application says by a function of its own.

  alias PhoenixReplay.Native.{Error, Fault}
  alias PhoenixReplay.Recording

  @type t :: PhoenixReplay.Native.subject()

  @max_bytes 255

  @max 0x7FFF_FFFF_FFFF_FFFF
  @min -@max - 1

  @doc "Whether a term can be a subject: the native library takes no other."
  @spec valid?(term()) :: boolean()
  def valid?(subject) do
    subject in @min..@max or (is_binary(subject) and byte_size(subject) in 1..@max_bytes)
  end

  @doc "Whom the session of a socket belongs to, by the function that is configured."
  @spec of_session(struct(), map() | :not_mounted_at_router, map()) :: {:ok, t() | nil} | :error
  def of_session(socket, params, session) do
    case Application.get_env(:phoenix_replay, :subject) do
      nil -> :error
      source -> ask(source, [socket, params, session])
    end
  end

  @doc "Whom a finished recording belongs to, by the storage option `:subject`."
  @spec of_recording(term(), Recording.t()) :: t() | nil
  def of_recording(nil, _recording), do: nil

  def of_recording(option, recording) do
    case ask(option, [recording]) do
      {:ok, subject} -> subject
      :error -> nil
    end
  end

  @doc """
  Takes the option `:subject` out of storage options. What it is must not be
  part of how a directory is known: a function may be another one in each call.
  """
  @spec pop(keyword()) :: {:ok, option :: term(), keyword()} | {:error, Error.reason()}
  def pop(opts) do
    case Keyword.keyword?(opts) and Keyword.fetch(opts, :subject) do
      {:ok, option} ->
        with :ok <- check(option), do: {:ok, option, Keyword.delete(opts, :subject)}

      _none ->
        {:ok, nil, opts}
    end
  end

  # Nor is nil an option: a list of what is somebody's must not be one of all.
  defp check(option) do
    if option?(option),
      do: :ok,
      else:
        {:error, {:invalid_option, :subject, "{module, function} or a function of one argument"}}
  end

  @doc "Whether a term names a function, and is not a subject that is looked for."
  @spec option?(term()) :: boolean()
  def option?({module, function}), do: is_atom(module) and is_atom(function)
  def option?(option), do: is_function(option, 1)

  defp ask(source, arguments) do
    Fault.guard(:no_subject, :error, fn ->
      subject = call(source, arguments)

      if subject == nil or valid?(subject),
        do: {:ok, subject},
        else: told("#{inspect(source)} gave what is no subject")
    end)
  end

  defp call({module, function}, arguments), do: apply(module, function, arguments)
  defp call(function, arguments), do: apply(function, arguments)

  defp told(why) do
    Fault.tell(:no_subject, why)
    :error
  end
end
