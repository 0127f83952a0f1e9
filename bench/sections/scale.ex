defmodule Bench.Sections.Scale do
  @moduledoc """
  What an operation costs with few and with many small recordings stored. All
  numbers of recordings are measured in turns, so that what the machine does
  meanwhile hits them alike.

    * `open`: opening a directory that was open before, in a new VM. The
      baseline's counterpart is its first `list_summaries/1`.
    * `memory`: of the index, for each recording; against ETS with the summaries
      in it, and against the strings alone that it has to hold (id and URL).
    * `list_summaries`: by a process that did nothing before.
    * `get`, `save`, `delete`: one recording. Our changes are synced when the
      call returns, the baseline's are not.
    * `end`: from the exit of a session of 400 typical events until it is saved,
      with `:max_recordings` of as many as are stored, so that one has to go for
      each that comes. The baseline lists them all to find it, and the end is
      when it answers again.

  A name with `at_` at its end compares the native side with itself, with that
  many stored.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Child, Corpus, Figure, ProcessUsage, Run, SessionEnd}
  alias Bench.{Timing, Traffic, Workspace}
  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.Storage

  # Calls in a sample of what creates or deletes files.
  @calls 20
  # Recordings that are read, spread over all that are stored.
  @read 500
  # What is saved is newer than whatever is stored.
  @newest 2_000_000

  @impl true
  def run(run), do: run(run, Run.pick(run, [1_000, 10_000, 100_000], [1_000, 10_000]))

  @doc "Measures with these numbers of recordings, in growing order."
  @spec run(Run.t(), [pos_integer()]) :: term()
  def run(run, sizes) do
    known = directories(run, sizes)
    native = directories(run, sizes)
    baseline = directories(run, sizes)
    Workspace.settle()
    for {size, path} <- native, do: check(size, path)

    open(run, known)
    list(run, native, baseline)
    get(run, native, baseline)
    save(run, native, baseline)
    session_end(run, known)
    # Files are not cheap to make after some have been deleted.
    delete(run, native, baseline)
  end

  defp directories(run, sizes) do
    for size <- sizes, do: {size, Corpus.directory(run, :small, size)}
  end

  defp check(size, path) do
    summaries = Backends.native().list_summaries(path: path)

    Check.equal!(
      Enum.map(summaries, & &1.id),
      Enum.reverse(Corpus.ids(size)),
      "order of #{size} summaries"
    )

    for number <- [1, div(size, 2), size] do
      recording = Corpus.recording(:small, number)

      for backend <- [Backends.native(), Backends.baseline()] do
        Check.equal!(backend.get(recording.id, path: path), {:ok, recording}, "get of #{size}")
      end
    end
  end

  defp open(run, [{first, first_path} | _] = known) do
    for {size, path} <- known,
        do: Child.with_new(&Child.call(&1, __MODULE__, :introduce, [path, size]))

    opened =
      for _ <- 1..Run.pick(run, 5, 2), {size, path} <- known do
        empty = Workspace.directory(run, "empty")
        arguments = [path, empty, size]
        {size, Child.with_new(&Child.call(&1, __MODULE__, :open_sample, arguments))}
      end

    opened = Enum.group_by(opened, &elem(&1, 0), &elem(&1, 1))
    lister = lister(Backends.baseline(), first_path)
    %{list: listed} = Run.samples(run, "ms", [list: lister], caller: :fresh, rounds: 3)

    for {size, samples} <- opened do
      factor = size / first

      Run.report(
        run,
        "open/#{size}",
        "ms",
        for(sample <- samples, do: sample.ns / 1.0e6),
        for(time <- listed, do: time * factor),
        note: multiplied(size, first)
      )
    end

    if ProcessUsage.available?(), do: memory(run, opened)
  end

  @doc false
  # In a child: opens a directory for the first time.
  def introduce(path, size) do
    :ok = Storage.Native.init(path: path)
    Check.equal!(count(path), size, "recordings found")
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    :ok = Application.stop(:phoenix_replay_native)
  end

  @doc false
  # In a child: opens it again. What any directory takes is not of this one.
  def open_sample(path, empty, size) do
    Enum.each([Nif, Directories, Storage.Native], &Code.ensure_loaded!/1)
    :ok = Storage.Native.init(path: empty)
    :erlang.garbage_collect()
    resident = if ProcessUsage.available?(), do: ProcessUsage.resident_bytes(), else: 0
    started = System.monotonic_time(:nanosecond)
    :ok = Storage.Native.init(path: path)
    elapsed = System.monotonic_time(:nanosecond) - started
    Check.equal!(count(path), size, "recordings known")
    used = if ProcessUsage.available?(), do: ProcessUsage.resident_bytes() - resident, else: 0
    %{ns: elapsed, bytes: used / size}
  end

  defp count(path) do
    {:ok, {directory, _format}} = Directories.fetch(path: path)
    Nif.store_count(directory)
  end

  # With few of them, single pages decide.
  defp memory(run, opened) do
    for {size, samples} <- opened, size >= 10_000 do
      bytes = for sample <- samples, do: sample.bytes
      summaries = for number <- 1..1_000, do: Traffic.summary(Corpus.recording(:small, number))
      strings = for %{id: id, url: url} <- summaries, do: byte_size(id) + byte_size(url)
      table = :ets.new(:bench, [:ordered_set])
      for summary <- summaries, do: :ets.insert(table, {summary.id, summary})
      words = :ets.info(table, :memory)
      in_ets = words * :erlang.system_info(:wordsize) / 1_000
      Run.report(run, "memory/#{size}/ets", "bytes", bytes, [in_ets], note: "a recording")

      Run.report(run, "memory/#{size}/limit/strings", "bytes", bytes, [Enum.sum(strings) / 1_000],
        note: "a recording"
      )
    end
  end

  defp list(run, native, [{first, baseline} | _]) do
    sides = for {size, path} <- native, do: {size, lister(Backends.native(), path)}
    sides = sides ++ [baseline: lister(Backends.baseline(), baseline)]
    rounds = Run.pick(run, 7, 3)
    samples = Run.samples(run, "ms", sides, caller: :fresh, rounds: rounds)

    for {size, _} <- native do
      listed = for time <- samples.baseline, do: time * size / first

      Run.report(run, "list_summaries/#{size}", "ms", samples[size], listed,
        note: multiplied(size, first)
      )
    end
  end

  defp lister(backend, path), do: fn -> backend.list_summaries(path: path) end

  defp multiplied(first, first), do: nil

  defp multiplied(size, first) do
    "baseline not measured: #{div(size, first)} times that of #{first}"
  end

  defp get(run, native, baseline) do
    flat(run, "get", native, baseline, [], fn backend, size, path ->
      ids = for n <- 1..@read, do: Corpus.recording(:small, div(n * size, @read)).id
      next = Backends.cycle(ids)
      fn -> {:ok, _} = backend.get(next.(), path: path) end
    end)
  end

  defp save(run, native, baseline) do
    originals = for n <- 1..16, do: Corpus.recording(:small, @newest + n)
    opts = [before: &Workspace.settle/0, note: "ours is synced"]

    flat(run, "save", native, baseline, opts, fn backend, _size, path ->
      next = Backends.supply(originals)
      sampler(fn -> :ok = backend.save(next.(), path: path) end)
    end)

    for {size, path} <- native do
      Check.equal!(count(path), size + length(saved(path)), "recordings after saving")
    end
  end

  defp delete(run, native, baseline) do
    opts = [before: &Workspace.settle/0, note: "ours is synced"]

    flat(run, "delete", native, baseline, opts, fn backend, _size, path ->
      next = Backends.cycle(saved(path))
      sampler(fn -> :ok = backend.delete(next.(), path: path) end)
    end)

    for {size, path} <- native do
      Check.equal!(saved(path), [], "files after deleting")
      Check.equal!(count(path), size, "recordings after deleting")
    end
  end

  # Those that `Bench.Backends.supply/1` has named.
  defp saved(path),
    do: for("bench_" <> _ = file <- File.ls!(path), do: Path.basename(file, ".etf.gz"))

  # As many are deleted as were saved before.
  defp sampler(fun), do: {:sampler, fn -> Timing.sample(fun, @calls, :plain) end}

  defp flat(run, name, native, baseline, opts, fun) do
    sides =
      for {{size, ours}, {size, theirs}} <- Enum.zip(native, baseline),
          {side, backend, path} <- [
            {:native, Backends.native(), ours},
            {:baseline, Backends.baseline(), theirs}
          ],
          do: {{side, size}, fun.(backend, size, path)}

    samples = Run.samples(run, "µs", sides, opts)
    [{first, _} | more] = native

    for {size, _} <- native do
      {native, baseline} = {samples[{:native, size}], samples[{:baseline, size}]}
      Run.report(run, "#{name}/#{size}", "µs", native, baseline, note: opts[:note])
    end

    for {size, _} <- more, do: at(run, "#{name}/#{size}", "µs", first, samples, size)
  end

  defp at(run, name, unit, few, samples, size) do
    Run.report(run, "#{name}/at_#{few}", unit, samples[{:native, size}], samples[{:native, few}])
  end

  defp session_end(run, [{first, _} | _] = known) do
    empty = for side <- [:native, :baseline], do: {side, 0, Workspace.directory(run, "end")}
    natives = for {size, path} <- known, do: {:native, size, path}
    baseline = {:baseline, first, Corpus.directory(run, :small, first)}

    children =
      for {side, size, path} <- empty ++ natives ++ [baseline] do
        child = Child.start()
        Child.call(child, SessionEnd, :prepare, [side, path, size])
        {{side, size}, child}
      end

    sides =
      for {{side, _size} = key, child} <- children do
        {key, {:sampler, fn -> Child.call(child, SessionEnd, :sample, [side]) end}}
      end

    opts = [rounds: Run.pick(run, 30, 8), before: &Workspace.settle/0]
    samples = Run.samples(run, "ms", sides, opts)

    for {{_side, size}, child} <- children do
      Child.call(child, SessionEnd, :check, [size])
    end

    for {_, child} <- children, do: Child.kill(child)

    for {size, _} <- known do
      baseline = ends_of_baseline(samples, size, first)
      note = if size > first, do: "baseline not measured: reckoned from those of 0 and #{first}"
      Run.report(run, "end/#{size}", "ms", samples[{:native, size}], baseline, note: note)
    end

    for {size, _} <- known, do: at(run, "end/#{size}", "ms", 0, samples, size)
  end

  # Without the part that has nothing to do with how many are stored, the cost
  # of the list is in proportion.
  defp ends_of_baseline(samples, size, first) do
    alone = Figure.median(samples[{:baseline, 0}])
    for time <- samples[{:baseline, first}], do: alone + (time - alone) * size / first
  end
end
