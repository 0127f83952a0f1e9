defmodule PhoenixReplay.Native.Test.Kill.Remote.Loop do
  @moduledoc false
  # Three nodes without a common disk and one bucket. Nodes and the server of the bucket are killed at
  # random moments, and started again where they were. In the end all is as if nothing had been: what
  # was acknowledged is in the bucket once, and every node has it; what was deleted is nowhere.

  import PhoenixReplay.Native.Test.Eventually

  alias PhoenixReplay.Native.Test.{ChildVM, S3Server}
  alias PhoenixReplay.Native.Test.Kill.{Ledger, Oracle, Workload}
  alias PhoenixReplay.Native.Test.Kill.Remote.{Inspector, Judge}

  @nodes ~w(a b c)
  # Starts at the end, in an empty directory.
  @fresh "d"

  @roles [:recorder, :recorder, :saver, :live_eraser, :rewriter] ++
           [:giver, :taker, :group_giver, :group_taker, :reader]

  # After so many rounds it goes on with an empty bucket.
  @rounds_per_bucket 10

  # Uploads and deletions are to be under way at any moment, and not to pile up.
  @pause_ms 150

  @doc """
  Goes through `rounds`, in each of which somebody is killed, in directories below `root`. Returns
  what was counted, and what was wrong; nothing of `root` is removed then. `tell` is called with the
  number of the round and the counts so far when a bucket has been looked at.
  """
  def run(root, rounds, seed, tell \\ fn _, _ -> :ok end) do
    File.mkdir_p!(root)
    :rand.seed(:exsss, seed)
    counts = %{vms: 0, stopped: 0, servers: 0, recordings: 0, sessions: 0, deleted: 0, erased: 0}

    result =
      1..rounds
      |> Enum.chunk_every(@rounds_per_bucket)
      |> Enum.reduce_while({counts, []}, fn numbers, {counts, []} ->
        {counts, violations} = bucket(root, numbers, seed, counts)
        tell.(List.last(numbers), counts)
        {if(violations == [], do: :cont, else: :halt), {counts, violations}}
      end)

    with {_counts, []} <- result, do: File.rm_rf!(root)
    result
  end

  defp bucket(root, [first | _] = numbers, seed, counts) do
    home = Path.join(root, "bucket-#{first}")
    ledgers = Path.join(home, "ledgers")
    File.mkdir_p!(ledgers)
    server = S3Server.serve(Path.join(home, "server"))
    nodes = for name <- @nodes, do: %{name: name, path: Path.join(home, name), vm: nil}
    state = %{home: home, ledgers: ledgers, server: server, up?: true, nodes: nodes}
    state = Map.merge(state, %{counts: counts, seed: seed, logged: []})

    state = numbers |> Enum.reduce(state, &round/2) |> stop() |> serve()
    {state, violations} = judge(state)
    GenServer.stop(server.pid)
    if violations == [], do: File.rm_rf!(home)
    {state.counts, Enum.map(violations, &"#{home}: #{&1}")}
  end

  # Whoever was killed comes back, and one or several are killed. The server is sometimes still away
  # when nodes come back.
  defp round(number, state) do
    state = if :rand.uniform(3) > 1, do: serve(state), else: state
    state = boot(state, number)
    state = serve_after(state, Enum.random(0..500))
    # However slow the machine is, something has been done before the first one dies.
    eventually(fn -> Enum.any?(ledgers(state, "saver"), &(length(&1) > 2)) end)
    # One in four dies within the first moments, in the middle of recovery.
    Process.sleep(Enum.random(if :rand.uniform(4) == 1, do: 0..50, else: 200..1500))
    state = if :rand.uniform(2) == 1, do: kill_server(state), else: state
    if :rand.uniform(2) == 1, do: Process.sleep(Enum.random(0..300))
    victims = Enum.take_random(@nodes, if(state.up?, do: 1, else: 0) + Enum.random(0..2))
    kill(state, victims)
  end

  defp ledgers(state, role) do
    for path <- Path.wildcard("#{state.ledgers}/*-#{role}*"),
        do: path |> File.read!() |> String.split("\n", trim: true)
  end

  defp boot(state, number) do
    nodes =
      for node <- state.nodes do
        if node.vm, do: node, else: %{node | vm: worker(state, node, number)}
      end

    state = %{state | nodes: nodes}
    for {node, %{vm: nil}} <- Enum.zip(nodes, state.nodes), do: ChildVM.await_line(node.vm, "up")
    state
  end

  # What does not change what is acknowledged changes from run to run.
  defp worker(state, node, number) do
    more = [
      compression: Enum.random([:gzip, :zstd]),
      durability: Enum.random([:synced, :relaxed]),
      checkpoint_ms: 200
    ]

    opts = opts(state, node, more)
    job = %{opts: opts, ledgers: state.ledgers, roles: @roles, pause_ms: @pause_ms}
    run = "r#{number}#{node.name}"
    job = %{run: run, seed: state.seed + number, recording: opts, jobs: [job]}
    vm = start(Workload, job)
    Port.command(vm, "go on\n")
    vm
  end

  defp opts(state, node, more) do
    opts = [path: node.path, remote_poll_ms: 50, drain_timeout_ms: 2_000]
    opts = opts ++ [remote_opts: [timeout_ms: 1_000]] ++ more
    S3Server.node(state.server, node.name, opts)
  end

  defp start(module, argument) do
    argument = argument |> :erlang.term_to_binary() |> Base.encode64()
    ChildVM.start("#{inspect(module)}.main(System.argv())", [argument], [:stderr_to_stdout])
  end

  defp kill(state, victims) do
    {killed, others} = Enum.split_with(state.nodes, &(&1.name in victims))
    for node <- killed, do: ChildVM.kill(node.vm)
    logged = Enum.flat_map(killed, &errors(&1.vm))
    nodes = for(node <- killed, do: %{node | vm: nil}) ++ others
    state = count(state, :vms, length(killed))
    %{state | nodes: Enum.sort_by(nodes, & &1.name), logged: logged ++ state.logged}
  end

  # In the end, some end their work, and some are killed.
  defp stop(state) do
    {stopped, killed} = Enum.split_with(state.nodes, fn _ -> :rand.uniform(2) == 1 end)
    state = kill(state, for(node <- killed, node.vm, do: node.name))
    stopped = for node <- stopped, node.vm, do: node
    for node <- stopped, do: Port.command(node.vm, "stop\n")
    logged = Enum.flat_map(stopped, &errors(&1.vm))
    nodes = for node <- state.nodes, do: %{node | vm: nil}
    count(%{state | nodes: nodes, logged: logged ++ state.logged}, :stopped, length(stopped))
  end

  defp kill_server(state) do
    :ok = S3Server.kill(state.server)
    count(%{state | up?: false}, :servers, 1)
  end

  defp serve_after(%{up?: true} = state, _ms), do: state

  defp serve_after(state, ms) do
    Process.sleep(ms)
    serve(state)
  end

  defp serve(%{up?: true} = state), do: state

  defp serve(state) do
    :ok = S3Server.restart(state.server)
    %{state | up?: true}
  end

  # All nodes again, and one more, until nothing changes any more.
  defp judge(state) do
    fresh = %{name: @fresh, path: Path.join(state.home, @fresh), vm: nil}

    nodes =
      for node <- state.nodes ++ [fresh],
          do: %{node | vm: start(Inspector, opts(state, node, checkpoint_ms: 200))}

    oracle = Oracle.add(%Oracle{}, Ledger.read(state.ledgers))

    # All do it at once.
    ask = fn what ->
      for node <- nodes, do: Port.command(node.vm, "#{what} #{report(node)}\n")
      for node <- nodes, into: %{}, do: {node.name, answer(node)}
    end

    {counts, violations} = Judge.judge(state, nodes, oracle, ask)
    for node <- nodes, do: ChildVM.kill(node.vm)
    logged = Enum.flat_map(nodes, &errors(&1.vm)) ++ state.logged
    state = Enum.reduce(counts, state, fn {key, n}, state -> count(state, key, n) end)
    {state, violations ++ Enum.map(logged, &"somebody logs: #{&1}")}
  end

  defp answer(%{vm: vm} = node) do
    ChildVM.await_line(vm, "answered")
    node |> report() |> File.read!() |> :erlang.binary_to_term()
  end

  defp report(node), do: node.path <> ".report"

  defp count(state, key, n), do: %{state | counts: Map.update!(state.counts, key, &(&1 + n))}

  # What a VM has logged that it should not have to, until it is gone.
  defp errors(port) do
    receive do
      {^port, {:data, {_, line}}} ->
        # That the bucket is away is said of each recording that is asked for.
        expected? = line =~ "the bucket can't be reached"
        if line =~ "[error]" and not expected?, do: [line | errors(port)], else: errors(port)

      {^port, {:exit_status, _}} ->
        []
    end
  end
end
