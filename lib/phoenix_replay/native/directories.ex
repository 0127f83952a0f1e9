defmodule PhoenixReplay.Native.Directories do
  @moduledoc false
  # From a user's options to the directory behind them.
  #
  # Every callback gets the same keyword list, so the answer is kept under it
  # as a persistent term: a lookup without a copy, from any process, whether
  # or not `init/1` or an application has run. What is kept is a number, which
  # stays good when the directory is closed and opened again, and when code is
  # reloaded; one that the native library does not know any more is replaced.

  alias PhoenixReplay.Native.{Awaited, Error, Messages, Nif, Options, Refusal, Remote}

  @type t :: {Nif.directory(), :etf | :json}

  # Opening takes longer than closing: whoever closes all the time is first several times in a row
  # now and then. One who is first each time is against somebody.
  @tries 100

  # A message that has not come for so long is asked for again.
  @patience_ms 30_000

  # Opening and closing take turns.
  @turn_ms 10

  @doc "Runs calls on the directory, again if it was closed meanwhile."
  @spec run(keyword(), (Nif.directory(), :etf | :json -> result)) ::
          result | {:error, Error.reason()}
        when result: var
  def run(opts, calls), do: run(opts, calls, @tries)

  defp run(opts, calls, tries) do
    with {:ok, {directory, format}} <- fetch(opts) do
      case calls.(directory, format) do
        {:error, :closed} when tries > 0 ->
          with {:ok, _known} <- open(opts), do: run(opts, calls, tries - 1)

        result ->
          result
      end
    end
  end

  @doc "The directory, opened if it never was."
  @spec fetch(keyword()) :: {:ok, t()} | {:error, Error.reason()}
  def fetch(opts) do
    case :persistent_term.get(key(opts), nil) do
      nil -> open(opts)
      known -> {:ok, known}
    end
  end

  # It outlives the call, and is in the dump of a crash.
  defp key(opts), do: {__MODULE__, Remote.conceal(opts)}

  @doc "Where a directory is, by its number; where it would be, by storage options; nil if neither."
  @spec path(Nif.directory() | keyword()) :: binary() | nil
  def path(directory) when is_integer(directory) do
    with open when is_list(open) <- Nif.directories_open(),
         {^directory, path} <- List.keyfind(open, directory, 0),
         do: path,
         else: (_closed -> nil)
  end

  def path(opts) do
    case Options.new(opts) do
      {:ok, options} -> options.path
      {:error, _reason} -> nil
    end
  end

  @doc "Closes the directory, see `PhoenixReplay.Native.close/1`."
  @spec close(keyword()) :: :ok | {:error, Error.reason()}
  def close(opts) do
    with {:ok, options} <- Options.new(opts),
         {:ok, left} <-
           Awaited.run(fn -> close_now(options.path, options.drain_timeout_ms) end) do
      if left > 0, do: Messages.log(:not_uploaded, %{left: left, path: options.path})
      :ok
    end
  end

  @doc "Closes a directory if nothing is in flight there now."
  @spec close_idle(binary()) :: :ok | {:error, Error.reason()}
  def close_idle(path) do
    with {:ok, _not_uploaded} <- Awaited.run(fn -> close_now(path, 0) end), do: :ok
  end

  defp open(opts) do
    with {:ok, options} <- Options.new(opts),
         opened = opened(options),
         {:ok, directory, differing} <- Refusal.log(opened, :open, options.path) do
      known = {directory, options.format}
      name(options.path)

      # Whoever puts another term in its place has all processes searched.
      if :persistent_term.get(key(opts), nil) != known do
        :persistent_term.put(key(opts), known)
        warn(options.path, differing)
      end

      {:ok, known}
    end
  end

  defp opened(options) do
    with {:ok, revealed} <- reveal(options),
         :closed <- Nif.directory_opened(options.path, revealed) do
      Awaited.run(fn -> open_now(options) end)
    end
  end

  defp reveal(options) do
    with {:ok, remote} <- Remote.reveal(options.remote), do: {:ok, %{options | remote: remote}}
  end

  defp open_now(options) do
    with {:ok, revealed} <- reveal(options),
         :opening <- Nif.directory_open(options.path, revealed) do
      receive do
        {:replay_opened, :again} -> open_now(options)
        {:replay_opened, opened} -> opened
      after
        @patience_ms -> open_now(options)
      end
    end
  end

  defp close_now(path, timeout_ms) do
    case Nif.directory_close(path, timeout_ms) do
      :again ->
        Process.sleep(@turn_ms)
        close_now(path, timeout_ms)

      :closing ->
        receive do: ({:replay_closed, closed} -> closed)

      result ->
        result
    end
  end

  # Once, however often it is opened. A relative path begins where the system
  # was started, which is not always where somebody looks for it.
  defp name(path) do
    if Nif.directory_named(path) == false, do: Messages.log(:opened, %{path: path})
  end

  defp warn(_path, []), do: :ok
  defp warn(path, differing), do: Messages.log(:differing, %{path: path, options: differing})
end
