defmodule PhoenixReplay.Native.Reporter do
  @moduledoc false
  # Tells telemetry and the log what native threads have to say. What they said
  # before this process was started has been kept for it.

  use GenServer

  alias PhoenixReplay.Native.{Messages, Nif, Telemetry}

  @logged [:recovered, :failed, :set_aside, :erased, :not_erased] ++
            [:moved, :unsynced, :quarantined, :remote_away, :remote_back]

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

  # The rest is of interest to those who count, not to the log.
  defp log(event, measurements, metadata) when event in @logged,
    do: Messages.log(event, Map.merge(measurements, metadata))

  defp log(_event, _measurements, _metadata), do: :ok
end
