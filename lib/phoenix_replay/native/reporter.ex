defmodule PhoenixReplay.Native.Reporter do
  @moduledoc false
  # Puts into the log what native threads have to say. What they said before
  # this process was started has been kept for it.

  use GenServer

  require Logger

  alias PhoenixReplay.Native.{Error, Nif}

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arg), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init([]) do
    :ok = Nif.notices_to(self())
    {:ok, nil}
  end

  @impl true
  def handle_info({:replay_notice, path, notice}, state) do
    report(path, notice)
    {:noreply, state}
  end

  def handle_info(_message, state), do: {:noreply, state}

  defp report(path, {:recovered, count}) do
    Logger.info("PhoenixReplay: #{count} recordings that were cut off are recovered in #{path}")
  end

  defp report(path, {:failed, id, reason, attempt}) do
    Logger.error(
      "PhoenixReplay: recording #{inspect(id)} could not be saved in #{path}, " <>
        "attempt #{attempt}: #{Error.format(reason)}; it is kept and tried again"
    )
  end

  defp report(path, {:set_aside, file, reason}) do
    Logger.error("PhoenixReplay: #{path}/#{file} can't be read and is set aside: #{reason}")
  end

  # Each recording saved or dropped: of interest to those who count, not to
  # the log.
  defp report(_path, _notice), do: :ok
end
