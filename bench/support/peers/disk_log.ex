defmodule Bench.Peers.DiskLog do
  @moduledoc false
  # A log of terms: it is written to and read from its beginning, so nothing is
  # found in it by its id.

  @behaviour Bench.Peer

  @impl true
  def open(directory) do
    file = directory |> Path.join("recordings.log") |> String.to_charlist()
    :disk_log.open(name: make_ref(), file: file, format: :internal)
  end

  @impl true
  def save(log, recording), do: :disk_log.log(log, recording)

  # It waits for the process of the log, which collects before it writes.
  @impl true
  def append(log, id, number, event), do: :disk_log.log(log, {id, number, event})

  @impl true
  def events(log, id) do
    for {^id, _number, event} <- terms(log, :start), do: event
  end

  defp terms(log, continuation) do
    case :disk_log.chunk(log, continuation) do
      :eof -> []
      {continuation, terms} -> terms ++ terms(log, continuation)
    end
  end

  @impl true
  def close(log), do: :disk_log.close(log)
end
