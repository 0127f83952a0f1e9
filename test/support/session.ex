defmodule PhoenixReplay.Native.Test.Session do
  @moduledoc false
  # Processes that record, as LiveViews do, in a child VM or in this one. What
  # an event holds follows from its recording and its number, so that whoever
  # reads it back can tell whether it is the right one.

  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Recording

  @doc "The recording before its first event."
  def recording(id) do
    %Recording{
      id: id,
      view: PhoenixReplay.Native.Test.FormLive,
      url: "http://localhost/" <> id,
      params: %{},
      session: %{},
      connected_at: 1_600_000_000_000,
      events: [{0, :mount, %{assigns: %{id: id}}}]
    }
  end

  @doc "Event `n`, from 1: of a size between a few bytes and 20 KB."
  def event(id, n) do
    size = rem(:erlang.phash2({id, n}), 20)
    size = if size == 0, do: 20_000, else: size * size
    {n, :event, %{name: "e#{n}", params: %{"id" => id, "n" => n, "text" => text(id, n, size)}}}
  end

  defp text(id, n, size) do
    seed = <<:erlang.phash2({n, id})::32>>
    binary_part(String.duplicate(seed, div(size, 4) + 1), 0, size)
  end

  @doc """
  Checks a recording against what it must be, and returns how many events it
  has after the first.
  """
  def check!(%Recording{id: id, events: [mount | events]} = recording) do
    expected = recording(id)
    ^mount = hd(expected.events)
    ^expected = %{recording | events: [mount]}

    for {event, n} <- Enum.with_index(events, 1) do
      if event != event(id, n), do: raise("event #{n} of #{id} is not the one that was appended")
    end

    length(events)
  end

  @doc "Starts `count` sessions and returns once each has `events` events; they go on living."
  def start_many(prefix, count, events) do
    parent = self()

    pids =
      for n <- 1..count do
        id = "#{prefix}-#{n}"

        spawn(fn ->
          :ok = Store.start_recording(id, recording(id))
          for e <- 1..events, do: :ok = Store.append_event(id, event(id, e))
          send(parent, {self(), :recorded})
          receive do: (:stop -> :ok)
        end)
      end

    for pid <- pids, do: receive(do: ({^pid, :recorded} -> :ok))
    pids
  end

  @doc "Ends such a session."
  def stop(pid) do
    ref = Process.monitor(pid)
    send(pid, :stop)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
  end

  @doc """
  Starts `count` sessions that append for ever, each reporting `id n` to
  standard output after an append has returned. They rest now and then, so that what is to be
  checked is not the more, the faster the machine is, or the longer it takes to kill.
  """
  def writers(prefix, count) do
    for w <- 1..count do
      spawn(fn -> write_sessions(prefix, w, 1) end)
    end
  end

  # Some sessions mostly go on until the VM dies, others end soon and are
  # followed by a new one, so that every kill finds all states.
  defp write_sessions(prefix, w, k) do
    id = "#{prefix}-#{w}-#{k}"
    length = if rem(w, 3) == 0, do: 8_000, else: 20 + rem(:erlang.phash2(id), 60)

    {pid, ref} =
      spawn_monitor(fn ->
        :ok = Store.start_recording(id, recording(id))

        for n <- 1..length do
          :ok = Store.append_event(id, event(id, n))
          :ok = :file.write(:standard_io, "ack #{id} #{n}\n")
          if rem(n, 16) == 0, do: Process.sleep(1)
        end
      end)

    receive do
      {:DOWN, ^ref, :process, ^pid, _} -> write_sessions(prefix, w, k + 1)
    end
  end
end
