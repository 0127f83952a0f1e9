defmodule Bench.Sections.Drain do
  @moduledoc """
  Many sessions of 100 typical events ending at once, as in a deploy, with many
  recordings stored already: how long until all are saved and the store answers
  again, what CPU time and memory that takes, and how long a `list_summaries`
  waits in the middle of it.

  The host lists all stored recordings after each one it has saved, so its time
  is measured with few sessions and multiplied: kind to it, since its lists get
  longer as it goes. Its memory is measured with all of them, until they are
  collected and the first lists are made; it may grow after that. Then it is
  asked for its own list, without its server, which would answer at the end.

  `zstd`: with that compression, against the same with gzip, in an empty
  directory: how long a session of 400 typical events takes of the time until
  all are saved.
  """

  @behaviour Bench.Section

  alias Bench.{Check, Child, Corpus, ProcessUsage, Run, Sessions, Side, Workspace}
  alias PhoenixReplay.Storage

  @events 100

  @impl true
  def run(run) do
    if ProcessUsage.available?() do
      run(run, Run.pick(run, 2_000, 400), Run.pick(run, 1_000, 200), Run.pick(run, 12, 4))
      zstd(run, Run.pick(run, 400, 100))
    else
      Bench.Report.note("this system does not tell CPU times and memory: drain skipped")
    end
  end

  defp run(run, sessions, stored, few) do
    natives = for _ <- 1..Run.pick(run, 3, 2), do: drain(run, :native, sessions, stored)
    baseline = drain(run, :baseline, few, stored)
    factor = sessions / few

    note =
      "#{sessions} sessions, #{stored} stored; " <>
        "baseline not measured: #{Float.round(factor, 1)} times that of #{few} sessions"

    for {measure, unit} <- [wall: "s", cpu: "s"] do
      baselines = [factor * baseline[measure] / 1.0e9]
      natives = for sample <- natives, do: sample[measure] / 1.0e9
      Run.report(run, "#{sessions}/#{measure}", unit, natives, baselines, note: note)
    end

    in_the_middle(run, sessions, stored, natives)
  end

  defp in_the_middle(run, sessions, stored, natives) do
    seconds = Run.pick(run, 20, 3)

    {peak, list} =
      child(run, stored, fn child, path ->
        Child.call(child, __MODULE__, :host_in_the_middle, [path, sessions, seconds])
      end)

    Run.report(
      run,
      "#{sessions}/list_in_the_middle",
      "ms",
      for(sample <- natives, do: sample.list / 1.0e6),
      [list / 1.0e6],
      note: "baseline: by a process that does not ask the host's server"
    )

    Run.report(
      run,
      "#{sessions}/peak_extra",
      "MB",
      for(sample <- natives, do: sample.peak / 1.0e6),
      [peak / 1.0e6],
      note: "resident memory above that before the end; baseline: in its first #{seconds} s"
    )
  end

  defp drain(run, side, sessions, stored) do
    child(run, stored, fn child, path ->
      Child.call(child, __MODULE__, :sample, [side, path, sessions, stored])
    end)
  end

  defp child(run, stored, fun) do
    path = Corpus.directory(run, :typical, stored)
    Workspace.settle()
    Child.with_new([quiet?: true], &fun.(&1, path))
  end

  @doc false
  # In the child.
  def sample(side, path, sessions, stored) do
    pids = prepare(side, path, sessions)
    cpu = ProcessUsage.cpu_ns()
    before = ProcessUsage.resident_bytes()
    ProcessUsage.reset_peak()
    started = now()
    Sessions.release(pids)
    lister = if side == :native, do: Task.async(fn -> list_in_the_middle(sessions, stored) end)
    Side.settle(side, stored + sessions)
    wall = now() - started
    cpu = ProcessUsage.cpu_ns() - cpu
    peak = ProcessUsage.peak_bytes() - before
    list = lister && Task.await(lister, :infinity)
    summaries = Storage.backend().list_summaries(path: path)
    Check.equal!(length(summaries), stored + sessions, "recordings in the end")
    for number <- [1, sessions], do: Side.check_stored!(Sessions.recording(number))
    %{wall: wall, cpu: cpu, peak: peak, list: list}
  end

  @doc false
  # In the child, which is killed afterwards: it would take hours.
  def host_in_the_middle(path, sessions, seconds) do
    pids = prepare(:baseline, path, sessions)
    before = ProcessUsage.resident_bytes()
    ProcessUsage.reset_peak()
    Sessions.release(pids)
    Process.sleep(seconds * 1_000)
    peak = ProcessUsage.peak_bytes() - before
    {list, _summaries} = list()
    {peak, list}
  end

  defp prepare(side, path, sessions) do
    :ok = Side.open(side, path)
    Sessions.prepare(:typical, events: @events)
    pids = Sessions.hold(side, 1..sessions)
    :erlang.garbage_collect()
    Process.sleep(500)
    pids
  end

  # When a third of the sessions is saved. What is in flight is listed, too.
  defp list_in_the_middle(sessions, stored) do
    await_file(Sessions.id(div(sessions, 3) + 1), Storage.storage_opts()[:path])
    {elapsed, summaries} = list()
    Check.equal!(length(summaries), sessions + stored, "recordings in the middle")
    elapsed
  end

  defp list do
    started = now()
    summaries = Storage.backend().list_summaries(Storage.storage_opts())
    {now() - started, summaries}
  end

  defp await_file(id, path) do
    unless File.exists?(Path.join(path, id <> ".etf.gz")) do
      Process.sleep(1)
      await_file(id, path)
    end
  end

  defp zstd(run, sessions) do
    {zstd, gzip} =
      Enum.unzip(
        for _ <- 1..Run.pick(run, 5, 2) do
          {compressed(run, :zstd, sessions), compressed(run, :gzip, sessions)}
        end
      )

    for measure <- [:wall, :cpu] do
      [zstd, gzip] = for samples <- [zstd, gzip], do: for(sample <- samples, do: sample[measure])
      Run.report(run, "zstd/#{measure}/gzip", "ms", zstd, gzip, note: "a session of #{sessions}")
    end
  end

  defp compressed(run, compression, sessions) do
    path = Workspace.directory(run, "drain-#{compression}")
    Workspace.settle()
    arguments = [path, compression, sessions]
    Child.with_new([quiet?: true], &Child.call(&1, __MODULE__, :compressed_sample, arguments))
  end

  @doc false
  # In the child.
  def compressed_sample(path, compression, sessions) do
    :ok = Side.open(:native, path, compression: compression)
    Sessions.prepare(:typical)
    pids = Sessions.hold(:native, 1..sessions)
    Process.sleep(200)
    cpu = ProcessUsage.cpu_ns()
    started = now()
    Sessions.release(pids)
    Side.settle(:native, sessions)
    wall = now() - started
    cpu = ProcessUsage.cpu_ns() - cpu
    got = Storage.Native.get(Sessions.id(1), Storage.storage_opts())
    Check.equal!(got, {:ok, Sessions.recording(1)}, "a recording compressed by #{compression}")
    per_session = 1.0e6 * sessions
    %{wall: wall / per_session, cpu: cpu / per_session}
  end

  defp now, do: System.monotonic_time(:nanosecond)
end
