defmodule PhoenixReplay.Persistence do
  @moduledoc """
  Hands recordings to the storage backend, one after the other.

  A save that fails is tried again `:persistence_retry_attempts` times (3 by
  default), each time after `:persistence_retry_delay_ms` (1000 by default)
  times the number of the attempt. After the last failure it is only logged.
  """

  use GenServer

  alias PhoenixReplay.{Recording, Recordings, Storage, Store}

  require Logger

  @default_retry_attempts 3
  @default_retry_delay_ms 1000

  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @doc "Saves a recording, once, and waits for it."
  @spec save(Recording.t()) :: :ok | {:error, term()}
  def save(recording), do: GenServer.call(__MODULE__, {:save, recording}, :infinity)

  @doc "Saves a recording, trying again if need be, and tells the store when it is done."
  @spec save_async(Recording.t()) :: :ok
  def save_async(recording), do: GenServer.cast(__MODULE__, {:save, recording})

  @doc "Initialises the backend in the calling process; a failure is logged."
  @spec init_storage() :: :ok
  def init_storage do
    case storage_call(:init, [], {:error, :storage_failed}) do
      :ok ->
        :ok

      error ->
        Logger.error("#{inspect(Storage.backend())} could not be initialised: #{inspect(error)}")
    end
  end

  @doc """
  Calls the backend in the calling process, with the configured options behind
  `args`. What it raises, throws or exits with is logged, and `fallback` returned.
  """
  @spec storage_call(atom(), [term()], fallback) :: term() | fallback when fallback: term()
  def storage_call(function, args, fallback) do
    apply(Storage.backend(), function, args ++ [Storage.storage_opts()])
  catch
    kind, reason ->
      Logger.error(
        "#{inspect(Storage.backend())}.#{function} failed: " <>
          Exception.format(kind, reason, __STACKTRACE__)
      )

      fallback
  end

  @doc "The backend's summaries, made from its recordings when it has none of its own."
  @spec list_summaries() :: [Storage.summary()]
  def list_summaries do
    backend = Storage.backend()

    if Code.ensure_loaded?(backend) and function_exported?(backend, :list_summaries, 1) do
      storage_call(:list_summaries, [], [])
    else
      :list |> storage_call([], []) |> Enum.map(&Recordings.summary/1)
    end
  end

  @impl true
  def init(_opts), do: {:ok, nil}

  @impl true
  def handle_call({:save, recording}, _from, state), do: {:reply, attempt(recording), state}

  @impl true
  def handle_cast({:save, recording}, state) do
    save_or_retry(recording, 0)
    {:noreply, state}
  end

  @impl true
  def handle_info({:retry, recording, retries}, state) do
    save_or_retry(recording, retries)
    {:noreply, state}
  end

  def handle_info(_other, state), do: {:noreply, state}

  defp save_or_retry(recording, retries) do
    case attempt(recording) do
      :ok -> Store.persisted(recording.id)
      {:error, reason} -> retry(recording, retries + 1, reason)
    end
  end

  defp retry(recording, attempt, reason) do
    if attempt <= setting(:persistence_retry_attempts, @default_retry_attempts) do
      delay_ms = attempt * setting(:persistence_retry_delay_ms, @default_retry_delay_ms)
      Process.send_after(self(), {:retry, recording, attempt}, delay_ms)
    else
      Logger.error("recording #{inspect(recording.id)} could not be saved: #{inspect(reason)}")
    end
  end

  defp attempt(recording) do
    case storage_call(:save, [recording], {:error, :storage_failed}) do
      :ok -> :ok
      {:error, reason} -> {:error, reason}
      other -> {:error, {:bad_return, other}}
    end
  end

  defp setting(key, default), do: Application.get_env(:phoenix_replay, key, default)
end
