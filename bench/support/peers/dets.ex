defmodule Bench.Peers.Dets do
  @moduledoc false
  # One file of terms, at most 2 GB; written back by its own timer.

  @behaviour Bench.Peer

  @impl true
  def open(directory) do
    file = directory |> Path.join("recordings.dets") |> String.to_charlist()
    :dets.open_file(make_ref(), file: file)
  end

  @impl true
  def save(table, recording), do: :dets.insert(table, {recording.id, recording})

  @impl true
  def get(table, id) do
    case :dets.lookup(table, id) do
      [{^id, recording}] -> {:ok, recording}
      [] -> :error
    end
  end

  @impl true
  def append(table, id, number, event), do: :dets.insert(table, {{id, number}, event})

  @impl true
  def events(table, id) do
    for [_number, event] <- Enum.sort(:dets.match(table, {{id, :"$1"}, :"$2"})), do: event
  end

  @impl true
  def close(table), do: :dets.close(table)
end
