defmodule PhoenixReplay.Native.Reporter do
  @moduledoc false
  # Tells telemetry and the log what native threads have to say. What they said
  # before this process was started has been kept for it.

  use GenServer

  require Logger

  alias PhoenixReplay.Native.{Error, Nif, Telemetry}

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arg), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init([]) do
    # Without the native library there is nothing to tell.
    _ = Nif.notices_to(self())
    {:ok, nil}
  end

  @impl true
  def handle_info({:replay_notice, _path, {event, measurements, metadata}}, state) do
    log(event, measurements, metadata)
    Telemetry.execute(event, measurements, metadata)
    {:noreply, state}
  end

  def handle_info(_message, state), do: {:noreply, state}

  defp log(:recovered, %{count: count}, %{path: path}) do
    Logger.info("PhoenixReplay: #{count} recordings that were cut off are recovered in #{path}")
  end

  defp log(:failed, %{attempt: attempt}, %{id: id, path: path, retry?: retry?} = metadata) do
    again = if retry?, do: "tried again", else: "tried again at the next start"

    Logger.error(
      "PhoenixReplay: recording #{inspect(id)} could not be saved in #{path}, " <>
        "attempt #{attempt}: #{why(metadata)}; it is kept and #{again}"
    )
  end

  defp log(:set_aside, _measurements, %{path: path, file: file, reason: reason}) do
    Logger.error("PhoenixReplay: #{path}/#{file} can't be read and is left out: #{reason}")
  end

  defp log(:erased, %{count: count}, %{path: path}) do
    Logger.info("PhoenixReplay: #{count} recordings are erased in #{path}")
  end

  defp log(:not_erased, _measurements, %{path: path} = metadata) do
    Logger.error(
      "PhoenixReplay: recordings in #{path} that were being erased when the system stopped " <>
        "could not be erased: #{why(metadata)}; the next start tries again"
    )
  end

  defp log(:moved, %{count: count, gone: gone}, %{path: path}) do
    taken_over =
      if gone > 0,
        do: "; #{gone} more are lost here, and are saved as they were by who took them over",
        else: ""

    Logger.warning(
      "PhoenixReplay: the files of #{count} recordings in flight in #{path} were removed, or " <>
        "taken over by another node, and are made anew" <> taken_over
    )
  end

  defp log(:unsynced, _measurements, metadata) do
    Logger.warning(
      "PhoenixReplay: #{why(metadata)}; the file system does not support it: " <>
        "how much of what was saved last a power cut can lose is up to it"
    )
  end

  defp log(:quarantined, _measurements, %{path: path, file: file, reason: reason}) do
    Logger.warning("PhoenixReplay: #{path}/#{file} is moved to .native/quarantine: #{reason}")
  end

  # Of interest to those who count, not to the log.
  defp log(_event, _measurements, _metadata), do: :ok

  defp why(%{detail: detail}), do: detail
  defp why(%{reason: reason}), do: Error.format(reason)
end
