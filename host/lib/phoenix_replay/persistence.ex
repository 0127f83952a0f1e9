defmodule PhoenixReplay.Persistence do
  @moduledoc """
  Hands recordings to the storage backend, one after the other.

  A save that fails is tried `:persistence_retry_attempts` times in all (3 by
  default), each after `:persistence_retry_delay_ms` (1000 by default) times the
  number of attempts before. After the last failure it is only logged.
  """

  use GenServer

  alias PhoenixReplay.{Recording, Storage, Store}

  require Logger

  @default_retry_attempts 3
  @default_retry_delay_ms 1000

  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(_opts), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @doc "Saves a recording, once, and waits for it."
  @spec save(Recording.t()) :: :ok | {:error, term()}
  def save(recording), do: GenServer.call(__MODULE__, {:save, recording}, :infinity)

  @doc "Saves a recording, trying again if need be, and tells the store when it is done."
  @spec save_async(Recording.t()) :: :ok
  def save_async(recording), do: GenServer.cast(__MODULE__, {:save, recording})

  @doc "Initialises the backend in the calling process."
  @spec init_storage() :: :ok | {:error, term()}
  def init_storage do
    storage_call(:init, [Storage.storage_opts()], {:error, :storage_unavailable})
  end

  @doc """
  Calls the backend in the calling process. What it raises, throws or exits with
  is logged, and `fallback` returned.
  """
  @spec storage_call(atom(), [term()], fallback) :: term() | fallback when fallback: term()
  def storage_call(function, args, fallback) do
    apply(Storage.backend(), function, args)
  catch
    kind, reason ->
      Logger.error(
        "#{inspect(Storage.backend())}.#{function} failed: " <>
          Exception.format(kind, reason, __STACKTRACE__)
      )

      fallback
  end

  @impl true
  def init(_opts), do: {:ok, nil}

  @impl true
  def handle_call({:save, recording}, _from, state), do: {:reply, attempt(recording), state}

  @impl true
  def handle_cast({:save, recording}, state) do
    save_or_retry(recording, 1)
    {:noreply, state}
  end

  @impl true
  def handle_info({:retry, recording, attempt}, state) do
    save_or_retry(recording, attempt)
    {:noreply, state}
  end

  defp save_or_retry(recording, attempt) do
    case attempt(recording) do
      :ok ->
        Store.persisted(recording.id)
        Store.cleanup_async()

      {:error, reason} ->
        retry(recording, attempt, reason)
    end
  end

  defp retry(recording, attempt, reason) do
    if attempt < setting(:persistence_retry_attempts, @default_retry_attempts) do
      delay_ms = attempt * setting(:persistence_retry_delay_ms, @default_retry_delay_ms)
      Process.send_after(self(), {:retry, recording, attempt + 1}, delay_ms)
    else
      Logger.error("recording #{inspect(recording.id)} could not be saved: #{inspect(reason)}")
    end
  end

  defp attempt(recording) do
    storage_call(:save, [recording, Storage.storage_opts()], {:error, :storage_unavailable})
  end

  defp setting(key, default), do: Application.get_env(:phoenix_replay, key, default)
end
