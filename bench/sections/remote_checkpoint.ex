defmodule Bench.Sections.RemoteCheckpoint do
  @moduledoc """
  `checkpoint_ms: 1_000`. What is lost with a node that is killed and its disk: sessions that get an
  event every 20 ms are taken in by another node, and what is missing at their end is counted, in ms of
  the session. In place of waiting until the node counts as lost, what it shows itself by is deleted.

  And what it costs: sessions with an event every 200 ms, with and without.
  """

  @behaviour Bench.Section

  alias Bench.{Bucket, Child, ProcessUsage, Remote, Run, S3, Traffic, Workspace}
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.{Recording, Storage}

  @every_ms 1_000
  @sessions 10

  @impl true
  def run(run) do
    Bucket.with_new(run, fn bucket ->
      lost(run, bucket)
      if ProcessUsage.available?(), do: costs(run, bucket)
    end)
  end

  defp lost(run, bucket) do
    samples = for _ <- 1..Run.pick(run, 8, 2), sample <- lose(run, bucket), do: sample
    note = "#{length(samples)} sessions, most lost: #{round(Enum.max(samples))} ms"
    name = "#{@every_ms}/lost/#{bucket.server}"
    Remote.goal(run, name, "ms", samples, @every_ms, note)

    Remote.goal(
      run,
      "#{@every_ms}/lost_most/#{bucket.server}",
      "ms",
      [Enum.max(samples)],
      @every_ms
    )
  end

  defp lose(run, bucket) do
    prefix = Bucket.prefix()
    opts = Bucket.node(bucket, prefix, "lost", checkpoint_ms: @every_ms)
    lost = Child.start()
    Child.call(lost, __MODULE__, :open, [Workspace.directory(run, "lost"), opts])
    Child.call(lost, __MODULE__, :record, [@sessions, 20])
    Process.sleep(2_500 + :rand.uniform(@every_ms))
    killed = System.system_time(:microsecond) / 1_000
    Child.kill(lost)
    s3 = S3.connect(bucket)
    for {key, _} <- S3.list(s3, prefix <> "/.native/nodes/"), do: S3.delete(s3, key)

    Child.with_new(fn child ->
      opts = Bucket.node(bucket, prefix, "taking", checkpoint_ms: @every_ms)
      Child.call(child, __MODULE__, :open, [Workspace.directory(run, "taking"), opts])
      for at <- Child.call(child, __MODULE__, :last_events, [@sessions]), do: killed - at
    end)
  end

  @doc false
  # In the child.
  def open(path, opts) do
    :ok = Remote.open(path, opts)
    if opts != [], do: Remote.await_complete(), else: :ok
  end

  @doc false
  # In the child: sessions which get an event every so often, until the VM ends.
  def record(sessions, pause_ms) do
    for number <- 1..sessions, do: spawn(fn -> record_one(number, pause_ms) end)
    :ok
  end

  defp record_one(number, pause_ms) do
    recording = %Recording{
      id: Traffic.id({:running, number}),
      view: Bench.Traffic.FormLive,
      url: "http://localhost:4000",
      params: %{},
      session: %{},
      connected_at: System.system_time(:millisecond),
      events: [{0, :event, %{name: "start", params: %{}}}]
    }

    :ok = Store.start_recording(recording.id, recording)
    # Not all at once.
    Process.sleep(:rand.uniform(pause_ms))
    append(recording, 1, pause_ms)
  end

  defp append(recording, count, pause_ms) do
    {_, kind, payload} = Traffic.event(:typical, 1, count)
    at = System.system_time(:millisecond) - recording.connected_at
    :ok = Store.append_event(recording.id, {at, kind, payload})
    Process.sleep(pause_ms)
    append(recording, count + 1, pause_ms)
  end

  @doc false
  # In the child: when each of the sessions that are taken in got its last event, in ms of the
  # system's time.
  def last_events(sessions) do
    opts = Storage.storage_opts()

    Remote.await(
      fn ->
        finished = Enum.reject(Storage.Native.list_summaries(opts), & &1.active?)
        length(finished) == sessions
      end,
      20
    )

    for number <- 1..sessions do
      {:ok, recording} = Storage.Native.get(Traffic.id({:running, number}), opts)
      {at, _, _} = List.last(recording.events)
      recording.connected_at + at
    end
  end

  defp costs(run, bucket) do
    sessions = Run.pick(run, 100, 20)
    seconds = Run.pick(run, 10, 5)
    rounds = Run.pick(run, 3, 1)

    {with_it, without} =
      Enum.unzip(
        for _ <- 1..rounds,
            do:
              {cost(run, bucket, sessions, seconds, @every_ms),
               cost(run, bucket, sessions, seconds, nil)}
      )

    name = &"#{@every_ms}/#{&1}/#{bucket.server}"
    minutes = sessions * seconds / 60
    cpu = fn samples -> for sample <- samples, do: sample.cpu / 1.0e6 / minutes end
    note = "of the node, of a minute of a session; #{sessions} at once, 5 events a second"

    Run.report(run, name.("cpu/without"), "ms", cpu.(with_it), cpu.(without), note: note)

    puts =
      for sample <- with_it, do: sample.requests.puts / sessions / seconds * @every_ms / 1_000

    Remote.goal(run, name.("puts_per_session"), "requests", puts, 1, "each #{@every_ms} ms")

    sent = for sample <- with_it, do: sample.requests.sent_bytes / sample.events

    encoded =
      for number <- 1..100,
          do: byte_size(:erlang.term_to_binary(Traffic.event(:typical, 1, number)))

    note = "of an event; the baseline as an external term"

    Run.report(run, name.("sent/term"), "bytes", sent, [Enum.sum(encoded) / 100], note: note)
  end

  defp cost(run, bucket, sessions, seconds, every_ms) do
    opts = Bucket.node(bucket, Bucket.prefix(), "running", checkpoint_ms: every_ms)
    path = Workspace.directory(run, "running")

    Child.with_new([quiet?: true], fn child ->
      Child.call(child, __MODULE__, :open, [path, opts])
      Child.call(child, __MODULE__, :record, [sessions, 200])
      Child.call(child, __MODULE__, :cost, [sessions, seconds])
    end)
  end

  @doc false
  # In the child.
  def cost(sessions, seconds) do
    Process.sleep(1_500)
    cpu = ProcessUsage.cpu_ns()
    before = Remote.requests()
    Process.sleep(seconds * 1_000)
    requests = Remote.requests_since(before)
    %{cpu: ProcessUsage.cpu_ns() - cpu, requests: requests, events: sessions * seconds * 5}
  end
end
