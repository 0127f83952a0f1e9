defmodule PhoenixReplay.Native.Reporter do
  @moduledoc false
  # Tells telemetry and the log what native threads have to say. What they said
  # before this process was started has been kept for it.

  use GenServer

  require Logger

  alias PhoenixReplay.Native.{Error, Nif, Telemetry}

  @cleanup_after_ms 1_000

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arg), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init([]) do
    :ok = Nif.notices_to(self())
    {:ok, _cleanup_timer = nil}
  end

  @impl true
  def handle_info({:replay_notice, _path, {event, measurements, metadata}}, timer) do
    log(event, measurements, metadata)
    Telemetry.execute(event, measurements, metadata)
    {:noreply, schedule_cleanup(event, timer)}
  end

  def handle_info(:cleanup, _timer) do
    cleanup()
    {:noreply, nil}
  end

  def handle_info(_message, timer), do: {:noreply, timer}

  defp log(:recovered, %{count: count}, %{path: path}) do
    Logger.info("PhoenixReplay: #{count} recordings that were cut off are recovered in #{path}")
  end

  defp log(:failed, %{attempt: attempt}, %{id: id, path: path, reason: reason}) do
    Logger.error(
      "PhoenixReplay: recording #{inspect(id)} could not be saved in #{path}, " <>
        "attempt #{attempt}: #{Error.format(reason)}; it is kept and tried again"
    )
  end

  defp log(:set_aside, _measurements, %{path: path, file: file, reason: reason}) do
    Logger.error("PhoenixReplay: #{path}/#{file} can't be read and is set aside: #{reason}")
  end

  # Of interest to those who count, not to the log.
  defp log(_event, _measurements, _metadata), do: :ok

  # The host cleans up after each recording that its own store has saved. After
  # ours it is asked to, once for all that come within a while.
  defp schedule_cleanup(:saved, nil) do
    Process.send_after(self(), :cleanup, @cleanup_after_ms)
  end

  defp schedule_cleanup(_notice, timer), do: timer

  defp cleanup do
    if Enum.any?([:max_recordings, :max_recording_age_ms], &limited?/1) do
      # Deleting takes its time, and notices go on meanwhile.
      Task.start(fn -> PhoenixReplay.Store.cleanup() end)
    end
  end

  defp limited?(key), do: Application.get_env(:phoenix_replay, key) != nil
end
