defmodule PhoenixReplay.Native.Shutdown do
  @moduledoc false
  # Before the system goes down, everything that was recorded goes to disk.

  require Logger

  alias PhoenixReplay.Native.{Nif, Options, Stores, Telemetry}
  alias PhoenixReplay.Storage

  @poll_ms 20

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
         start = System.monotonic_time(:microsecond),
         deadline = now() + options.drain_timeout_ms,
         {:ok, {store, _format}} <- Stores.fetch(opts) do
      before = Nif.store_count(store)
      wait_for_host(deadline)
      left = Nif.store_drain(store, remaining(deadline))
      running = Nif.store_checkpoint(store, remaining(deadline))
      saved = max(Nif.store_count(store) - before, 0)
      left = left + running
      Logger.info("PhoenixReplay: #{saved} recordings saved at shutdown")
      duration_us = System.monotonic_time(:microsecond) - start
      measurements = %{duration_us: duration_us, saved: saved, left: left}
      Telemetry.execute(:drained, measurements, %{path: options.path})

      if left > 0 do
        Logger.warning(
          "PhoenixReplay: #{left} recordings could not be saved in time; " <>
            "they are kept, and saved at the next start"
        )
      end
    end
  end

  defp remaining(deadline), do: max(deadline - now(), 0)

  # With the host's own recorder, sessions are in its table until its
  # processes have saved them: it has no call to wait for that. A session whose
  # process lives is monitored by the store; what is in the table beyond those
  # has ended, and is being handed over, or waits for a retry.
  defp wait_for_host(deadline) do
    if now() < deadline and (ended_sessions() > 0 or busy?()) do
      Process.sleep(@poll_ms)
      wait_for_host(deadline)
    end
  end

  defp ended_sessions do
    sessions = :ets.select_count(PhoenixReplay.Store.Active, [{{{:_, -1}, :_}, [], [true]}])
    sessions - length(info(PhoenixReplay.Store, :monitors, []))
  rescue
    # The table is gone, with everything in it.
    ArgumentError -> 0
  end

  # Messages on their way between the host's processes.
  defp busy? do
    Enum.any?([PhoenixReplay.Store, PhoenixReplay.Persistence], fn name ->
      info(name, :message_queue_len, 0) > 0 or info(name, :status, :waiting) != :waiting
    end)
  end

  defp info(name, item, default) do
    with pid when is_pid(pid) <- Process.whereis(name),
         {^item, value} <- Process.info(pid, item) do
      value
    else
      _gone -> default
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
