defmodule PhoenixReplay.Native.IdleRelease do
  @moduledoc false
  # Owns the directories that are open, in as far as one must: it closes those
  # that nobody uses, as their `:idle_timeout_ms` says, and all it can when the
  # application stops. They work without it, and then stay open.

  # There may be many to close.
  use GenServer, shutdown: 30_000

  alias PhoenixReplay.Native.{Directories, Nif}

  # One may have been opened since, with a shorter time.
  @longest_ms 5_000
  @shortest_ms 10

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arg), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @impl true
  def init([]) do
    Process.flag(:trap_exit, true)
    {:ok, nil, {:continue, :release}}
  end

  @impl true
  def handle_continue(:release, state), do: release(state)

  @impl true
  def handle_info(:timeout, state), do: release(state)
  def handle_info(_message, state), do: {:noreply, state, @shortest_ms}

  defp release(state) do
    case Nif.directories_release() do
      left_ms when is_integer(left_ms) -> {:noreply, state, timeout(left_ms)}
      _nothing -> {:noreply, state, @longest_ms}
    end
  end

  defp timeout(left_ms), do: left_ms |> max(@shortest_ms) |> min(@longest_ms)

  # Those in which sessions go on stay open.
  @impl true
  def terminate(_reason, _state) do
    with open when is_list(open) <- Nif.directories_open() do
      for {_directory, path} <- open, do: Directories.close_idle(path)
    end
  end
end
