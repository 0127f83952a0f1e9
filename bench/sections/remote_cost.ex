defmodule Bench.Sections.RemoteCost do
  @moduledoc """
  What a bucket costs those who record: appending, saving, and the end of a session, on a
  node that uploads meanwhile what it has saved, against one without a bucket. Both are the
  native side. The server runs on the same machine and takes its part of the cores, more than
  a bucket elsewhere would.
  """

  @behaviour Bench.Section

  alias Bench.{Appender, Backends, Bucket, Child, Remote, Run, Traffic, Workspace}
  alias Bench.Sections.Exit
  alias PhoenixReplay.Storage

  # Sessions and events in a sample.
  @appends [tiny: {10, 1_000}, typical: {10, 400}]
  # Recordings in a sample.
  @saves [tiny: 20, typical: 10]
  # Between two saves, for what was saved to be uploaded. Without a pause, uploads and the server
  # have the cores at the same time.
  @pause_ms 10

  @impl true
  def run(run), do: Bucket.with_new(run, &run(run, &1))

  defp run(run, bucket) do
    appends(run, bucket)
    saves(run, bucket)
    ends(run, bucket)
  end

  defp appends(run, bucket) do
    kinds = Keyword.keys(@appends)

    in_turns(run, bucket, "append", {Appender, &[:native, &1, kinds, &2]}, fn compare ->
      for {kind, {sessions, appends}} <- @appends do
        opts = %{processes: 1, sessions: sessions, appends: appends, measure: :mean}
        compare.("append/#{kind}", "µs", {Appender, :sample, [:native, kind, opts]}, 25)
      end
    end)
  end

  defp saves(run, bucket) do
    in_turns(run, bucket, "save", {__MODULE__, &[&1, &2]}, fn compare ->
      for {kind, calls} <- @saves, {pause, suffix} <- [{@pause_ms, ""}, {0, "/without_pause"}] do
        compare.("save/#{kind}#{suffix}", "µs", {__MODULE__, :sample, [kind, calls, pause]}, 61)
      end
    end)
  end

  defp ends(run, bucket) do
    in_turns(run, bucket, "end", {Exit, &[:native, &1, &2]}, fn compare ->
      compare.("end/typical", "ms", {Exit, :sample, [:native]}, 60)
    end)
  end

  # A VM for each side, prepared by `prepare` of the module. Nothing is left to upload when a
  # sample is taken, except what it saves itself.
  defp in_turns(run, bucket, name, {module, arguments}, fun) do
    uploading = Bucket.node(bucket, Bucket.prefix(), name)

    children =
      for {side, opts} <- [native: uploading, baseline: []] do
        child = Child.start()
        path = Workspace.directory(run, name)
        Child.call(child, module, :prepare, arguments.(path, opts))
        {side, child}
      end

    before = fn ->
      Child.call(children[:native], Remote, :await_uploaded, [])
      Workspace.settle()
    end

    fun.(fn name, unit, call, rounds ->
      taken =
        for _ <- 1..Run.pick(run, rounds, 5), {side, child} <- children do
          before.()
          {side, times(child, call, unit)}
        end

      [with_it, without] =
        for side <- [:native, :baseline], do: Enum.concat(Keyword.get_values(taken, side))

      [tenth, other] = for samples <- [with_it, without], do: Remote.percentile(samples, 10)
      note = "a tenth is below #{Float.round(tenth, 3)}, without below #{Float.round(other, 3)}"

      Run.report(run, "#{name}/without_bucket/#{bucket.server}", unit, with_it, without,
        note: note
      )
    end)

    for {_side, child} <- children, do: Child.kill(child)
  end

  defp times(child, {module, function, arguments}, unit) do
    ns = if unit == "ms", do: 1.0e6, else: 1.0e3
    for time <- List.wrap(Child.call(child, module, function, arguments)), do: time / ns
  end

  @doc false
  # In the child.
  def prepare(path, opts) do
    :ok = Remote.open(path, opts)

    for {kind, _} <- @saves do
      originals = for seed <- 1..4, do: Traffic.session(kind, seed)
      :persistent_term.put({__MODULE__, kind}, Backends.supply(originals))
      sample(kind, 3, 0)
    end

    :ok
  end

  @doc false
  # In the child: the times of saves.
  def sample(kind, calls, pause_ms) do
    next = :persistent_term.get({__MODULE__, kind})
    opts = Storage.storage_opts()

    for _ <- 1..calls do
      recording = next.()
      Process.sleep(pause_ms)
      started = Remote.now()
      :ok = Storage.Native.save(recording, opts)
      Remote.now() - started
    end
  end
end
