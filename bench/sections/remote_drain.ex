defmodule Bench.Sections.RemoteDrain do
  @moduledoc """
  2 000 sessions of 100 typical events ending at once on a node with a bucket, as in a
  deploy: how long until all are in it, against the same without a bucket until all are
  saved. And how long until all are saved where there is one, and the CPU time of the node
  until all is done, which is without that of the server.
  """

  @behaviour Bench.Section

  alias Bench.{Bucket, Check, Child, ProcessUsage, Remote, Run, S3, Sessions, Side, Workspace}

  @events 100

  @impl true
  def run(run), do: Bucket.with_new(run, &run(run, &1, Run.pick(run, 2_000, 300)))

  defp run(run, bucket, sessions) do
    {uploaded, local} =
      Enum.unzip(
        for _ <- 1..Run.pick(run, 5, 2),
            do: {drain(run, bucket, sessions), drain(run, nil, sessions)}
      )

    name = &"#{sessions}/#{&1}/without_bucket/#{bucket.server}"
    seconds = fn samples, measure -> for sample <- samples, do: sample[measure] / 1.0e9 end
    requests = List.last(uploaded).requests

    note =
      "#{requests.puts} PUT, #{requests.lists} LIST, #{requests.gets} GET, " <>
        "#{requests.failed} failed, until all was in the bucket"

    report = fn measure, of, note ->
      natives = seconds.(uploaded, measure)
      Run.report(run, name.(measure), "s", natives, seconds.(local, of), note: note)
    end

    report.(:in_bucket, :saved, "the baseline until all are saved; #{note}")
    report.(:saved, :saved, nil)
    report.(:cpu, :cpu, nil)
  end

  defp drain(run, bucket, sessions) do
    path = Workspace.directory(run, "drain")
    prefix = Bucket.prefix()
    opts = if bucket, do: Bucket.node(bucket, prefix, "drain"), else: []
    Workspace.settle()

    sample =
      Child.with_new([quiet?: true], &Child.call(&1, __MODULE__, :sample, [path, opts, sessions]))

    if bucket do
      objects = S3.recordings(S3.connect(bucket), prefix)
      Check.equal!(map_size(objects), sessions, "recordings in the bucket")
    end

    sample
  end

  @doc false
  # In the child.
  def sample(path, opts, sessions) do
    :ok = Remote.open(path, opts)
    if opts != [], do: Remote.await_complete()
    Sessions.prepare(:typical, events: @events)
    pids = Sessions.hold(:native, 1..sessions)
    :erlang.garbage_collect()
    Process.sleep(500)
    cpu = ProcessUsage.cpu_ns()
    started = Remote.now()
    Sessions.release(pids)
    Side.settle(:native, sessions)
    saved = Remote.now() - started
    Remote.await_uploaded()
    in_bucket = Remote.now() - started
    cpu = ProcessUsage.cpu_ns() - cpu
    for number <- [1, sessions], do: Side.check_stored!(Sessions.recording(number))
    requests = if opts != [], do: Remote.requests()
    %{saved: saved, in_bucket: in_bucket, cpu: cpu, requests: requests}
  end
end
