defmodule PhoenixReplay.Native.Test.Kill.Loop do
  @moduledoc false
  # Kills VMs at random moments, again and again on the same directories, and holds what is
  # there afterwards against what was acknowledged.

  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Native.Test.Kill.{Inspector, Ledger, Oracle, Workload}

  # Each has a directory of its own. Those of `:alone` are all in one VM, which is always killed;
  # `:shared` is in two others at once, of which one or both are.
  @scenarios [
    sessions: %{
      engines: :alone,
      roles: [:recorder, :recorder, :recorder, :live_eraser, :reader],
      keep: :all
    },
    saves: %{
      engines: :alone,
      roles: [:saver, :saver, :rewriter, :eraser, :reader],
      keep: :all
    },
    evicted: %{engines: :alone, roles: [:evicted, :evicted, :reader], keep: 20},
    shared: %{
      engines: :shared,
      roles: [:recorder, :saver, :live_eraser, :rewriter, :giver, :taker, :reader],
      keep: :all
    }
  ]

  # After so many kills each scenario goes on in an empty directory.
  @kills_per_directory 10

  # What an engine that is closed may leave beside the recordings.
  @kept ~w(.native/index .native/index.log .native/index.lock .native/id)

  @doc "The names of the scenarios."
  def scenarios, do: Keyword.keys(@scenarios)

  @doc """
  Kills `kills` times in each scenario, in directories below `root`, and returns
  what was counted, and what was wrong; nothing of `root` is removed then. `tell`
  is called with the number of the kill and the counts so far.
  """
  def run(root, kills, seed, tell \\ fn _, _ -> :ok end) do
    File.mkdir_p!(root)
    :rand.seed(:exsss, seed)
    counts = %{vms: 0, engines: 0, inspections: 0, recordings: 0, erased: 0}
    first = %{counts: counts, violations: [], directories: nil, workers: nil}

    state =
      Enum.reduce_while(1..kills, first, fn k, state ->
        state = round(root, k, kills, seed, state)
        tell.(k, state.counts)
        {if(state.violations == [], do: :cont, else: :halt), state}
      end)

    Enum.each(state.workers || [], &end_vm/1)
    if state.violations == [], do: File.rm_rf!(root)
    {state.counts, state.violations}
  end

  # Those of the next round boot while those of this one run.
  defp round(root, k, kills, seed, state) do
    fresh? = rem(k - 1, @kills_per_directory) == 0
    last? = k == kills or rem(k, @kills_per_directory) == 0
    directories = if fresh?, do: directories(root, k), else: state.directories
    workers = (not fresh? && state.workers) || workers(directories, k, seed)
    inspect? = last? or :rand.uniform(3) == 1

    inspectors =
      if inspect?, do: for(_ <- 1..2, do: ChildVM.start(code(Inspector), [], io())), else: []

    Enum.each(workers, &Port.command(&1, "go on\n"))
    Enum.each(workers, &ChildVM.await_line(&1, "up"))
    next = if not last?, do: workers(directories, k + 1, seed)

    {killed, stopped} = choose(workers)
    # One in four dies within the first moments, in the middle of recovery.
    Process.sleep(Enum.random(if :rand.uniform(4) == 1, do: 0..30, else: 50..700))
    ChildVM.kill(killed)
    if stopped != [], do: Process.sleep(Enum.random(0..200))
    Enum.each(stopped, &Port.command(&1, "stop\n"))
    logged = Enum.flat_map(workers, &errors/1)

    counts = %{
      state.counts
      | vms: state.counts.vms + length(killed),
        engines: state.counts.engines + engines(killed, workers)
    }

    state = %{state | directories: directories, workers: next, counts: counts}
    state = if inspect?, do: look(state, k, inspectors), else: state
    if last? and state.violations == [], do: Enum.each(directories, &File.rm_rf!(&1.home))
    %{state | violations: Enum.map(logged, &"round #{k} logs: #{&1}") ++ state.violations}
  end

  defp directories(root, k) do
    for {name, scenario} <- @scenarios do
      home = Path.join(root, "#{name}-#{k}")
      File.mkdir_p!(home)
      path = Path.join(home, "recordings")

      Map.merge(scenario, %{
        name: name,
        home: home,
        path: path,
        oracle: %Oracle{},
        looked_at: k - 1
      })
    end
  end

  # The first has all directories that are used by one VM only, the others one each.
  defp workers(directories, k, seed) do
    {alone, [shared]} = Enum.split_with(directories, &(&1.engines == :alone))

    for {name, mine} <- [{"a", alone}, {"b", [shared]}, {"c", [shared]}] do
      jobs = for directory <- mine, do: job(directory, k)
      recording = Enum.find(mine, &(:recorder in &1.roles))
      %{opts: opts} = Enum.find(jobs, &(&1.opts[:path] == recording.path))
      job = %{run: "r#{k}#{name}", seed: seed + k, recording: opts, jobs: jobs}
      argument = job |> :erlang.term_to_binary() |> Base.encode64()
      ChildVM.start(code(Workload), [argument], io())
    end
  end

  # What does not change what is acknowledged changes from run to run.
  defp job(directory, k) do
    ledgers = ledgers(directory, k)
    File.mkdir_p!(ledgers)
    limit = if directory.keep == :all, do: [], else: [max_recordings: directory.keep]

    opts = [
      path: directory.path,
      compression: Enum.random([:gzip, :zstd]),
      durability: Enum.random([:synced, :relaxed])
    ]

    %{opts: opts ++ limit, ledgers: ledgers, roles: directory.roles}
  end

  defp choose([alone, b, c]) do
    case :rand.uniform(3) do
      1 -> {[alone, b, c], []}
      2 -> {[alone, b], [c]}
      3 -> {[alone, c], [b]}
    end
  end

  defp engines(killed, [alone | _]) do
    alone_engines = Enum.count(@scenarios, fn {_, it} -> it.engines == :alone end)
    Enum.sum(for port <- killed, do: if(port == alone, do: alone_engines, else: 1))
  end

  # Twice, each time in a new VM. The first is killed, the second closes what it opened.
  defp look(state, k, inspectors) do
    directories = Enum.map(state.directories, &noted(&1, k))

    directories =
      for {inspector, close?} <- Enum.zip(inspectors, [false, true]), reduce: directories do
        directories ->
          jobs = for directory <- directories, do: inspection(directory, close?)
          line = jobs |> :erlang.term_to_binary() |> Base.encode64()
          Port.command(inspector, line <> "\n")
          ChildVM.await_line(inspector, "inspected")
          end_vm(inspector)
          for {directory, job} <- Enum.zip(directories, jobs), do: judged(directory, job, k)
      end

    recordings = for d <- directories, {_, [value]} <- d.oracle.values, value != :absent, do: 1
    erased = Enum.sum(for d <- directories, do: length(d.oracle.erased) - d.erased_before)

    counts = %{
      state.counts
      | inspections: state.counts.inspections + 2 * length(directories),
        recordings: state.counts.recordings + length(recordings),
        erased: state.counts.erased + erased
    }

    violations = for d <- directories, text <- d.oracle.violations, do: "#{d.home}: #{text}"
    %{state | directories: directories, counts: counts, violations: violations}
  end

  # With what was noted since the last look.
  defp noted(directory, k) do
    oracle =
      for round <- (directory.looked_at + 1)..k, reduce: directory.oracle do
        oracle -> Oracle.add(oracle, Ledger.read(ledgers(directory, round)))
      end

    before = length(directory.oracle.erased)
    Map.merge(directory, %{oracle: oracle, erased_before: before, looked_at: k})
  end

  defp ledgers(directory, round), do: Path.join(directory.home, "ledgers-#{round}")

  defp inspection(directory, close?) do
    limit = if directory.keep == :all, do: [], else: [max_recordings: directory.keep]

    %{
      opts: [path: directory.path] ++ limit,
      keep: directory.keep,
      close?: close?,
      report: Path.join(directory.home, "report")
    }
  end

  defp judged(directory, job, k) do
    report = job.report |> File.read!() |> :erlang.binary_to_term()
    violations = if report[:failed], do: [report.failed], else: []
    seen = report[:seen] || %{}
    oracle = directory.oracle
    oracle = if report[:failed], do: oracle, else: Oracle.check(oracle, seen, directory.keep)
    left = if report[:files], do: left_behind(directory, oracle, report), else: []
    unlike = if report[:failed], do: [], else: unlike(report)
    start = if job.close?, do: "second", else: "first"

    violations =
      for text <- violations ++ left ++ unlike, do: "#{start} start after kill #{k}: #{text}"

    %{directory | oracle: %{oracle | violations: violations ++ oracle.violations}}
  end

  # What is listed can be read, in both ways, and is listed once.
  defp unlike(%{seen: seen, listed: listed, readable: readable}) do
    seen = Map.keys(seen)

    for {what, ids} <- [listed: listed, readable: readable],
        Enum.sort(ids) != Enum.sort(seen),
        do: "#{what} are #{inspect(ids -- seen)} more and #{inspect(seen -- ids)} less"
  end

  # A file for each recording, and another one only of those that were just being replaced, the
  # index, and nothing else; nowhere anything of what was erased.
  defp left_behind(directory, oracle, %{seen: seen, files: files}) do
    {names, others} = Enum.split_with(files -- @kept, &(not String.contains?(&1, "/")))
    ids = for name <- names, do: name |> String.split(".") |> hd()
    doubled = Enum.filter(ids -- Map.keys(seen), &(&1 not in oracle.replaced))
    extra = doubled ++ others

    left = if extra == [], do: [], else: ["left behind are #{inspect(extra)}"]
    # Another node may write a line about what is just being erased.
    searched = if directory.engines == :shared, do: files -- @kept, else: files
    left ++ traces(directory.path, searched, oracle.erased)
  end

  defp traces(_path, _files, []), do: []

  defp traces(path, files, erased) do
    pattern = :binary.compile_pattern(erased)

    for file <- files,
        content = file <> "\n" <> File.read!(Path.join(path, file)),
        {at, length} <- Enum.take(:binary.matches(content, pattern), 1),
        do: "of the erased #{binary_part(content, at, length)} there is a trace in #{file}"
  end

  defp code(module), do: "#{inspect(module)}.main(System.argv())"
  defp io, do: [:stderr_to_stdout, :nice]

  defp end_vm(port) do
    ChildVM.kill(port)
    ChildVM.await_exit(port)
  end

  # What a VM has logged that it should not have to, until it is gone.
  defp errors(port) do
    receive do
      {^port, {:data, {_, line}}} ->
        if line =~ "[error]", do: [line | errors(port)], else: errors(port)

      {^port, {:exit_status, _}} ->
        []
    end
  end
end
