defmodule Bench.Sections.RemoteAway do
  @moduledoc """
  10 000 recordings are saved while the bucket refuses connections, and then it is there again: the
  memory that takes, against the same node before, and the connections it makes.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Bucket, Child, ProcessUsage, Remote, Run, Traffic, Workspace}
  alias PhoenixReplay.Storage

  # Uploads at once, and what is asked meanwhile.
  @connections 16 + 4

  @impl true
  def run(run) do
    Bucket.with_new(run, fn bucket ->
      cond do
        not ProcessUsage.available?() ->
          Bench.Report.note("this system does not tell memory: remote_away skipped")

        troubled = Bucket.troubled(bucket) ->
          run(run, troubled, Run.pick(run, 10_000, 1_000))

        true ->
          Bench.Report.note("this server is never away: remote_away skipped")
      end
    end)
  end

  defp run(run, bucket, count) do
    away =
      Child.with_new([quiet?: true], fn child ->
        opts = Bucket.node(bucket, Bucket.prefix(), "away", durability: :relaxed)
        path = Workspace.directory(run, "away")
        Child.call(child, __MODULE__, :open, [path, opts])
        "ok" = Bucket.order(bucket, "refuse")
        saved = Child.call(child, __MODULE__, :save, [count])
        "ok" = Bucket.order(bucket, "clear")
        Map.merge(saved, Child.call(child, __MODULE__, :upload, [count]))
      end)

    without =
      Child.with_new([quiet?: true], fn child ->
        path = Workspace.directory(run, "without")
        Child.call(child, __MODULE__, :open, [path, [durability: :relaxed]])
        Child.call(child, __MODULE__, :save, [count])
      end)

    name = &"#{count}/#{&1}"
    megabytes = &[&1 / 1.0e6]

    Run.report(
      run,
      name.("pending_memory/without_bucket"),
      "MB",
      megabytes.(away.resident),
      megabytes.(without.resident),
      note: "#{away.pending} pending, #{away.failed} requests that failed meanwhile"
    )

    Run.report(
      run,
      name.("peak_uploading/pending"),
      "MB",
      megabytes.(away.peak),
      megabytes.(away.resident),
      note: "all uploaded #{Float.round(away.elapsed / 1.0e9, 1)} s after it was there again"
    )

    Remote.goal(run, name.("connections"), "sockets", [away.sockets], @connections)
  end

  @doc false
  # In the child.
  def open(path, opts) do
    :ok = Remote.open(path, opts)
    if opts[:remote], do: Remote.await_complete()
    originals = for seed <- 1..4, do: Traffic.session(:tiny, seed)
    next = Backends.supply(originals)
    :persistent_term.put(__MODULE__, next)
    for _ <- 1..100, do: :ok = Storage.Native.save(next.(), Storage.storage_opts())
    Remote.await_uploaded()
  end

  @doc false
  # In the child: resident memory that the recordings take.
  def save(count) do
    :erlang.garbage_collect()
    before = ProcessUsage.resident_bytes()
    failed = failed()
    next = :persistent_term.get(__MODULE__)
    for _ <- 1..count, do: :ok = Storage.Native.save(next.(), Storage.storage_opts())
    :erlang.garbage_collect()
    resident = ProcessUsage.resident_bytes() - before

    %{
      before: before,
      resident: resident,
      pending: Remote.stats().pending_uploads,
      failed: failed() - failed
    }
    |> tap(&:persistent_term.put({__MODULE__, :before}, &1.before))
  end

  defp failed, do: get_in(Remote.stats(), [:remote, Access.key(:requests), :failed]) || 0

  @doc false
  # In the child: the most memory, above that before, and sockets until all is uploaded.
  def upload(count) do
    ProcessUsage.reset_peak()
    started = Remote.now()
    sockets = :counters.new(1, [])

    Remote.await(
      fn ->
        :counters.put(sockets, 1, max(:counters.get(sockets, 1), Remote.sockets()))
        Remote.stats().pending_uploads == 0
      end,
      5
    )

    ^count = Remote.stats().remote.uploaded - 100
    peak = ProcessUsage.peak_bytes() - :persistent_term.get({__MODULE__, :before})
    %{peak: peak, sockets: :counters.get(sockets, 1), elapsed: Remote.now() - started}
  end
end
