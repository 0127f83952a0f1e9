defmodule Bench.Sections.RemoteStart do
  @moduledoc """
  A new node, with an empty directory, on a bucket that has 100 000 small recordings, all of one
  day: how long until it knows all of them, by rows that others have put there, and without such by
  the recordings themselves; what it asks for, and what memory it takes. And how long a node takes
  to bring them there in the first place.
  """

  @behaviour Bench.Section

  alias Bench.{Bucket, Check, Child, Corpus, ProcessUsage, Remote, Run, S3, Workspace}
  alias PhoenixReplay.Storage

  @goal_s 10
  @bytes_per_recording 300

  @impl true
  def run(run) do
    if ProcessUsage.available?() do
      Bucket.with_new(run, &run(run, &1, Run.pick(run, 100_000, 3_000)))
    else
      Bench.Report.note("this system does not tell memory: remote_start skipped")
    end
  end

  defp run(run, bucket, count) do
    prefix = Bucket.prefix()
    fill(run, bucket, prefix, count)
    samples = for _ <- 1..Run.pick(run, 5, 2), do: start(run, bucket, prefix, count)
    report(run, bucket, count, "rows", samples, @goal_s * count / 100_000)

    samples =
      for _ <- 1..Run.pick(run, 2, 1) do
        remove_rows(bucket, prefix)
        start(run, bucket, prefix, count)
      end

    report(run, bucket, count, "no_rows", samples, @goal_s * count / 100_000)
  end

  defp report(run, bucket, count, name, samples, goal_s) do
    name = &"#{count}/#{name}_#{&1}/#{bucket.server}"
    requests = List.last(samples).requests
    note = "requests: #{inspect(requests)}"
    seconds = for sample <- samples, do: sample.elapsed / 1.0e9
    Remote.goal(run, name.("complete"), "s", seconds, goal_s, note)

    for {measure, note} <- [resident: nil, peak: "the most of it until complete"] do
      bytes = for sample <- samples, do: sample[measure] / count

      Remote.goal(
        run,
        name.("#{measure}_per_recording"),
        "bytes",
        bytes,
        @bytes_per_recording,
        note
      )
    end
  end

  defp fill(run, bucket, prefix, count) do
    path = Corpus.directory(run, :small, count)
    opts = Bucket.node(bucket, prefix, "first")
    filled = Child.with_new([quiet?: true], &Child.call(&1, __MODULE__, :fill, [path, opts]))
    per_second = round(count * 1.0e9 / filled.elapsed)

    Run.report(
      run,
      "#{count}/brought/disk/#{bucket.server}",
      "s",
      [filled.elapsed / 1.0e9],
      [filled.opened / 1.0e9],
      note:
        "#{per_second} a second; the baseline is how long the node takes to read its own directory; " <>
          "requests: #{inspect(filled.requests)}"
    )
  end

  @doc false
  # In the child.
  def fill(path, opts) do
    started = Remote.now()
    :ok = Remote.open(path, opts)
    opened = Remote.now()
    Remote.await(fn -> Remote.stats().remote.complete end)
    Remote.await_uploaded()
    elapsed = Remote.now() - opened
    settle(Remote.requests().puts)
    %{opened: opened - started, elapsed: elapsed, requests: Remote.requests()}
  end

  # Until the last rows are there.
  defp settle(puts) do
    Process.sleep(5_000)
    now = Remote.requests().puts
    if now > puts, do: settle(now), else: :ok
  end

  defp remove_rows(bucket, prefix) do
    s3 = S3.connect(bucket)
    rows = for {key, _size} <- S3.list(s3, prefix <> "/"), Path.extname(key) == ".rows", do: key
    Enum.each(rows, &S3.delete(s3, &1))
  end

  defp start(run, bucket, prefix, count) do
    path = Workspace.directory(run, "start")
    opts = Bucket.node(bucket, prefix, "new")
    Child.with_new([quiet?: true], &Child.call(&1, __MODULE__, :sample, [path, opts, count]))
  end

  @doc false
  # In the child.
  def sample(path, opts, count) do
    # The atoms that are in them.
    for number <- 1..1_024, do: Corpus.recording(:small, number)
    # Whatever else opening takes.
    :ok = Remote.open(path <> "-other", [])
    PhoenixReplay.Native.close()
    :erlang.garbage_collect()
    before = ProcessUsage.resident_bytes()
    ProcessUsage.reset_peak()
    started = Remote.now()
    :ok = Remote.open(path, opts)
    Remote.await_complete()
    elapsed = Remote.now() - started
    peak = ProcessUsage.peak_bytes() - before
    resident = ProcessUsage.resident_bytes() - before
    requests = Remote.requests()
    summaries = Storage.Native.list_summaries(Storage.storage_opts())
    Check.equal!(length(summaries), count, "recordings that a new node lists")
    Check.equal!(Remote.stats().remote.elsewhere, count, "recordings that are elsewhere")
    id = List.last(summaries).id
    {:ok, %{id: ^id}} = Storage.Native.get(id, Storage.storage_opts())
    %{elapsed: elapsed, peak: peak, resident: resident, requests: requests}
  end
end
