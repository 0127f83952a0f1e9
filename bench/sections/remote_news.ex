defmodule Bench.Sections.RemoteNews do
  @moduledoc """
  Sessions that end on one node at a steady rate, and when another one lists them, which looks
  every 2 s: the time from the end of the session, and from the end of the upload. What is asked of
  the bucket for it is counted.

  When an upload has ended is read off the counters of its node, every ms.
  """

  @behaviour Bench.Section

  alias Bench.{Bucket, Check, Child, Figure, Remote, Run, Sessions, Side, Workspace}
  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.Storage

  @poll_ms 2_000
  @pause_ms 100
  @events 100

  @impl true
  def run(run), do: Bucket.with_new(run, &run(run, &1, Run.pick(run, 600, 80)))

  defp run(run, bucket, sessions) do
    prefix = Bucket.prefix()

    [ending, listing] =
      for name <- ["ending", "listing"] do
        child = Child.start(quiet?: true)
        opts = Bucket.node(bucket, prefix, name, remote_poll_ms: @poll_ms)
        Child.call(child, __MODULE__, :prepare, [Workspace.directory(run, name), opts])
        child
      end

    lister = Task.async(fn -> Child.call(listing, __MODULE__, :list, [sessions]) end)
    ended = Child.call(ending, __MODULE__, :end_sessions, [sessions])
    listed = Task.await(lister, :infinity)
    for child <- [ending, listing], do: Child.kill(child)
    Check.equal!(map_size(listed.at), sessions, "recordings that are listed elsewhere")
    times(run, bucket, ended, listed)
    requests(run, bucket, sessions, ended, listed)
  end

  defp times(run, bucket, ended, listed) do
    latencies = fn times ->
      for {number, at} <- times, do: (listed.at[Sessions.id(number)] - at) / 1.0e6
    end

    for {name, times} <- [after_upload: ended.uploaded_at, after_end: ended.ended_at] do
      samples = latencies.(times)

      note =
        "least #{ms(Enum.min(samples))}, half #{ms(Figure.median(samples))}, " <>
          "99 % #{ms(Remote.percentile(samples, 99))}, most #{ms(Enum.max(samples))}"

      Remote.goal(run, "#{name}/#{bucket.server}", "ms", samples, @poll_ms + 100, note)
      p99 = [Remote.percentile(samples, 99)]
      Remote.goal(run, "#{name}_p99/#{bucket.server}", "ms", p99, @poll_ms + 100)
    end
  end

  defp ms(value), do: "#{round(value)} ms"

  defp requests(run, bucket, sessions, ended, listed) do
    puts = ended.requests.puts / sessions
    note = "#{inspect(ended.requests)} for #{sessions} sessions in #{seconds(ended)}"
    Remote.goal(run, "puts_per_recording/#{bucket.server}", "requests", [puts], 1.1, note)
    lists = listed.requests.lists * @poll_ms * 1.0e6 / listed.elapsed

    note =
      "#{inspect(listed.requests)} in #{seconds(listed)}, one of 15 for what may have vanished"

    Remote.goal(run, "lists_per_poll/#{bucket.server}", "requests", [lists], 1.1, note)
  end

  defp seconds(part), do: "#{Float.round(part.elapsed / 1.0e9, 1)} s"

  @doc false
  # In the child.
  def prepare(path, opts) do
    :ok = Remote.open(path, opts)
    Remote.await_complete()
    Sessions.prepare(:typical, events: @events)
  end

  @doc false
  # In the child: ends them one after the other, and tells when, and when each was uploaded. They
  # are uploaded in that order, as there is time enough between two.
  def end_sessions(sessions) do
    before = Remote.requests()
    started = Remote.now()
    watch = Task.async(fn -> uploads(Remote.stats().remote.uploaded, sessions, []) end)

    ended_at =
      for number <- 1..sessions do
        Process.sleep(max(@pause_ms - 20, 0))
        Sessions.record_and_exit(:native, number)
        {number, Remote.now()}
      end

    uploaded_at = Enum.zip(1..sessions, Task.await(watch, :infinity))
    Side.settle(:native, sessions)
    Remote.await_uploaded()
    # Rows of the last ones.
    Process.sleep(@poll_ms)
    elapsed = Remote.now() - started
    requests = Remote.requests_since(before)
    %{ended_at: ended_at, uploaded_at: uploaded_at, requests: requests, elapsed: elapsed}
  end

  defp uploads(_uploaded, sessions, times) when length(times) == sessions,
    do: Enum.reverse(times)

  defp uploads(uploaded, sessions, times) do
    Process.sleep(1)
    now_uploaded = Remote.stats().remote.uploaded
    now = Remote.now()
    times = List.duplicate(now, now_uploaded - uploaded) ++ times
    uploads(now_uploaded, sessions, times)
  end

  @doc false
  # In the child: when each recording was listed first.
  def list(sessions) do
    {:ok, {directory, _format}} = Directories.fetch(Storage.storage_opts())
    before = Remote.requests()
    started = Remote.now()
    at = list(directory, sessions, %{})
    %{at: at, requests: Remote.requests_since(before), elapsed: Remote.now() - started}
  end

  defp list(_directory, sessions, at) when map_size(at) == sessions, do: at

  defp list(directory, sessions, at) do
    Process.sleep(1)

    if Nif.store_count(directory) == map_size(at) do
      list(directory, sessions, at)
    else
      now = Remote.now()
      summaries = Storage.Native.list_summaries(Storage.storage_opts())
      found = for summary <- summaries, into: %{}, do: {summary.id, now}
      list(directory, sessions, Map.merge(found, at))
    end
  end
end
