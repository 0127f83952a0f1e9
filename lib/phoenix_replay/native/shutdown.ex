defmodule PhoenixReplay.Native.Shutdown do
  @moduledoc false
  # Before the system goes down, everything that was recorded goes to disk.

  require Logger

  alias PhoenixReplay.Native.{Nif, Options, Stores}
  alias PhoenixReplay.Storage

  @poll_ms 20
  # Polls in a row that must find the host with nothing to do.
  @quiet_polls 3

  @doc """
  Waits until the host has handed over what it holds and the queue of the
  engine is empty, and saves what running sessions have recorded so far: at
  most `:drain_timeout_ms`.
  """
  @spec run() :: :ok
  def run do
    if Storage.backend() == Storage.Native, do: drain(Storage.storage_opts())
    :ok
  end

  defp drain(opts) do
    with {:ok, options} <- Options.new(opts),
         deadline = now() + options.drain_timeout_ms,
         {:ok, {store, _format}} <- Stores.fetch(opts) do
      before = Nif.store_count(store)
      wait_for_host(deadline, 0)
      left = in_turns(&Nif.store_drain(store, &1), deadline)
      running = in_turns(&Nif.store_checkpoint(store, &1), deadline)
      saved = max(Nif.store_count(store) - before, 0)
      Logger.info("PhoenixReplay: #{saved} recordings saved at shutdown")

      if left + running > 0 do
        Logger.warning(
          "PhoenixReplay: #{left + running} recordings could not be saved in time; " <>
            "they are kept, and saved at the next start"
        )
      end
    end
  end

  # Each call occupies a dirty scheduler while it waits, so it waits in short
  # turns. It returns how many recordings are left.
  defp in_turns(call, deadline) do
    case call.(min(max(deadline - now(), 0), 200)) do
      0 -> 0
      left -> if now() < deadline, do: in_turns(call, deadline), else: left
    end
  end

  # With the host's own recorder, sessions are in its table until its
  # processes have saved them: it has no call to wait for that.
  defp wait_for_host(deadline, quiet) do
    cond do
      quiet == @quiet_polls or now() >= deadline ->
        :ok

      handed_over?() ->
        wait_for_host(deadline, quiet + 1)

      true ->
        Process.sleep(@poll_ms)
        wait_for_host(deadline, 0)
    end
  end

  defp handed_over? do
    table_empty?() or Enum.all?([PhoenixReplay.Store, PhoenixReplay.Persistence], &idle?/1)
  end

  defp table_empty?, do: :ets.info(PhoenixReplay.Store.Active, :size) in [0, :undefined]

  # Idle twice, with a pause between, so that a message on its way is seen.
  defp idle?(name) do
    waiting?(name) and
      (
        Process.sleep(@poll_ms)
        waiting?(name)
      )
  end

  defp waiting?(name) do
    case Process.whereis(name) do
      nil -> true
      pid -> Process.info(pid, [:message_queue_len, :status]) in idle_infos()
    end
  end

  defp idle_infos, do: [nil, [message_queue_len: 0, status: :waiting]]

  defp now, do: System.monotonic_time(:millisecond)
end
