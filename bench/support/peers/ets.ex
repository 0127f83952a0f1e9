defmodule Bench.Peers.Ets do
  @moduledoc false
  # Memory only: gone with the runtime.

  @behaviour Bench.Peer

  @impl true
  def open(_directory), do: {:ok, :ets.new(:bench_peer, [:public, :ordered_set])}

  @impl true
  def save(table, recording) do
    :ets.insert(table, {recording.id, recording})
    :ok
  end

  @impl true
  def get(table, id) do
    case :ets.lookup(table, id) do
      [{^id, recording}] -> {:ok, recording}
      [] -> :error
    end
  end

  @impl true
  def close(table), do: :ets.delete(table)
end
