defmodule Bench.Sections.Recover do
  @moduledoc """
  What a crash leaves behind: a VM records typical sessions and is killed, and
  the next one opens the directory. Timed from `init/1` to the first answer to
  `list_summaries/1`, which has every recording in it; the saving goes on in
  the background. The pages are still in memory, as after a crash of the VM.

  The host has nothing to compare with, since it loses everything: the limit is
  reading the same files.
  """

  @behaviour Bench.Section

  alias Bench.{Check, Child, Run, Sessions, Side, Workspace}
  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.Storage

  @impl true
  def run(run) do
    megabytes = Run.pick(run, 500, 100)
    samples = for _ <- 1..Run.pick(run, 3, 2), do: sample(run, megabytes * 1_000_000)
    [%{sessions: sessions, bytes: bytes} | _] = samples

    Run.report(
      run,
      "#{megabytes}MB/limit/read_files",
      "ms",
      for(sample <- samples, do: sample.answered / 1.0e6),
      for(sample <- samples, do: sample.read / 1.0e6),
      note: "#{sessions} sessions of 400 typical events in files of #{div(bytes, 1_000_000)} MB"
    )
  end

  defp sample(run, bytes) do
    path = Workspace.directory(run, "recover")

    sessions =
      Child.with_new(fn child -> Child.call(child, __MODULE__, :record, [path, bytes]) end)

    Workspace.settle()
    {read, bytes} = read(path)
    answered = Child.with_new(&Child.call(&1, __MODULE__, :recover, [path, sessions]))
    %{sessions: sessions, bytes: bytes, read: read, answered: answered}
  end

  @doc false
  # In the child that is killed: sessions until the slab has that many bytes in
  # use. Returns how many.
  def record(path, bytes) do
    :ok = Side.open(:native, path)
    Sessions.prepare(:typical)
    {:ok, {directory, _format}} = Directories.fetch(path: path)
    fill(directory, bytes, 0)
  end

  defp fill(directory, bytes, sessions) do
    {used, _all} = Nif.store_slab(directory)

    if used < bytes do
      Sessions.hold(:native, (sessions + 1)..(sessions + 20))
      fill(directory, bytes, sessions + 20)
    else
      sessions
    end
  end

  # All segments, a large piece at a time, as a limit for whoever reads them.
  defp read(path) do
    files = Path.wildcard(Path.join(path, ".native/slab-*/*.seg"), match_dot: true)
    started = now()
    bytes = for file <- files, reduce: 0, do: (sum -> sum + byte_size(File.read!(file)))
    {now() - started, bytes}
  end

  @doc false
  # In the child that comes after it.
  def recover(path, sessions) do
    Sessions.prepare(:typical)
    # Loading code and starting applications is not what is measured.
    Enum.each([Nif, Directories, Storage.Native], &Code.ensure_loaded!/1)

    started = now()
    :ok = Storage.Native.init(path: path)
    summaries = Storage.Native.list_summaries(path: path)
    answered = now() - started

    Check.equal!(length(summaries), sessions, "recordings after the crash")

    for number <- [1, div(sessions, 2), sessions] do
      recording = Sessions.recording(number)
      got = Storage.Native.get(recording.id, path: path)
      Check.equal!(got, {:ok, recording}, "a recording after the crash")
    end

    answered
  end

  defp now, do: System.monotonic_time(:nanosecond)
end
