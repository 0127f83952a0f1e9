defmodule Bench.Appender do
  @moduledoc """
  Times `append_event/2` in processes that record, in the VM where it is
  called. The events are made before, and a session ends after it is timed.
  """

  alias Bench.{Check, Editing, Side, Traffic}
  alias PhoenixReplay.Recording

  # Distinct events, appended in turn: what a session has just made is in the
  # processor's cache, as it is in an application.
  @distinct 32
  # Appends that are timed together. The clock takes a noticeable part of one.
  @batch 100

  @type kind :: Traffic.profile() | :blob_64k | :blob_again | :table_edit

  @doc """
  Opens the side in this VM and checks what it appends. Call this first. The options are those of
  the storage.
  """
  @spec prepare(Side.t(), Path.t(), [kind()], keyword()) :: :ok
  def prepare(side, path, kinds, opts \\ []) do
    :ok = Side.open(side, path, [clean_up?: false] ++ opts)
    :persistent_term.put(__MODULE__, :counters.new(1, []))
    Enum.each(kinds, &check(side, &1))
  end

  @doc """
  Lets `processes` record at once, `sessions` sessions of `appends` events each
  one after the other, and waits until they are saved.

  Returns `:mean`, the median over the batches of the mean time of an append in
  ns, or, timing each append alone, `:p99`.
  """
  @spec sample(Side.t(), kind(), map()) :: float()
  def sample(side, kind, %{measure: measure} = opts) do
    parent = self()

    workers =
      for _ <- 1..opts.processes do
        # A heap that need not be collected while times are taken.
        :erlang.spawn_opt(
          fn ->
            events = events(kind)
            :erlang.garbage_collect()
            send(parent, {:ready, self()})

            receive do
              :go -> send(parent, {:times, self(), times(side, events, opts)})
            end
          end,
          [:link, min_heap_size: 500_000]
        )
      end

    for pid <- workers, do: receive(do: ({:ready, ^pid} -> :ok))
    for pid <- workers, do: send(pid, :go)
    times = for pid <- workers, {:times, ^pid, times} <- [receive_times(pid)], do: times
    Side.settle(side, :counters.get(:persistent_term.get(__MODULE__), 1))
    summarize(measure, List.flatten(times))
  end

  defp receive_times(pid) do
    receive do
      {:times, ^pid, _} = message -> message
    end
  end

  defp times(side, events, opts) do
    for _ <- 1..opts.sessions do
      id = start(side)
      per_timing = if opts.measure == :mean, do: @batch, else: 1
      rounds = div(opts.appends, per_timing)
      time(Side.store(side), id, events, events, per_timing, rounds, [])
    end
  end

  defp time(_store, _id, _next, _events, _per_timing, 0, times), do: times

  defp time(store, id, next, events, per_timing, rounds, times) do
    started = System.monotonic_time()
    next = append(store, id, next, events, per_timing)
    elapsed = System.monotonic_time() - started
    times = [elapsed / per_timing | times]
    time(store, id, next, events, per_timing, rounds - 1, times)
  end

  defp append(_store, _id, next, _events, 0), do: next
  defp append(store, id, [], events, count), do: append(store, id, events, events, count)

  defp append(store, id, [event | next], events, count) do
    :ok = Side.append!(store, id, event)
    append(store, id, next, events, count - 1)
  end

  defp summarize(:mean, times), do: nanoseconds(Bench.Figure.median(times))

  defp summarize(:p99, times) do
    nanoseconds(Enum.at(Enum.sort(times), div(99 * length(times), 100)))
  end

  defp nanoseconds(native), do: native * 1.0e9 / System.convert_time_unit(1, :second, :native)

  defp start(side) do
    recording = recording()
    :ok = Side.store(side).start_recording(recording.id, recording)
    recording.id
  end

  defp recording do
    counter = :persistent_term.get(__MODULE__)
    :counters.add(counter, 1, 1)

    %Recording{
      id: Traffic.id({:append, :counters.get(counter, 1), System.unique_integer()}),
      view: Bench.Traffic.FormLive,
      url: "http://localhost:4000",
      params: %{},
      session: %{},
      connected_at: 1_795_000_000_000,
      # Without an event of the user it would not be kept.
      events: [{0, :event, %{name: "start", params: %{}}}]
    }
  end

  # In the middle of a session, where what was typed is not short any more.
  @spec events(kind()) :: [Recording.event()]
  def events(:blob_64k) do
    for n <- 1..@distinct do
      bytes = for i <- 1..4096, into: <<>>, do: :erlang.md5(<<n::32, i::32>>)
      {n, :event, %{name: "upload", params: %{"bytes" => bytes}}}
    end
  end

  # The same one, in an assign of which something else changes.
  def events(:blob_again) do
    {_, _, %{params: %{"bytes" => bytes}}} = hd(events(:blob_64k))

    for n <- 1..@distinct do
      {n, :assigns, %{delta: %{upload: %{name: "photo", bytes: bytes, seen: n}}}}
    end
  end

  # Ready events of a table in which one row changes, each with what the one before has.
  def events(:table_edit) do
    {events, _last} =
      Enum.map_reduce(1..@distinct, Editing.start(:table), fn n, assigns ->
        assigns = Editing.step(:table, assigns, n)
        {{n, :assigns, %{delta: Map.take(assigns, [:orders])}}, assigns}
      end)

    events
  end

  def events(profile), do: for(n <- 60..(59 + @distinct), do: Traffic.event(profile, 1, n))

  defp check(side, kind) do
    test = self()

    {pid, monitor} =
      spawn_monitor(fn ->
        recording = recording()
        store = Side.store(side)
        :ok = store.start_recording(recording.id, recording)
        for event <- events(kind), do: :ok = Side.append!(store, recording.id, event)
        expected = %{recording | events: recording.events ++ events(kind)}
        Check.equal!(store.get_active(recording.id), {:ok, expected}, "what was appended")
        send(test, {:expected, expected})
      end)

    receive do
      {:DOWN, ^monitor, :process, ^pid, :normal} -> :ok
    end

    Side.settle(side, :counters.get(:persistent_term.get(__MODULE__), 1))
    receive(do: ({:expected, expected} -> Side.check_stored!(expected)))
  end
end
