# What bin/demo --remote runs: three VMs, each with a directory of its own, and one bucket.

Code.require_file("demo_text.exs", __DIR__)

defmodule Demo.Remote do
  import Demo.Text

  @person "grace@hopper.example"
  @sessions 60
  @shown 8
  @running 5
  @events 40
  @checkpoint_ms 1_000

  def run do
    directory = directory()
    server = Path.join(directory, "server")
    say("A bucket")
    IO.puts("served by #{server(["prepare", server])}")
    System.at_exit(fn _ -> server(["stop", server]) end)
    access = access(server)
    IO.puts("at #{access["REPLAY_REMOTE_ENDPOINT"]}, and nothing in it")

    say("Three VMs that know nothing of each other, and have no common disk")
    [a, b, c] = for name <- ~w(a b c), do: node(name, directory, access)

    IO.puts("""
    config :phoenix_replay,
      storage: PhoenixReplay.Storage.Native,
      storage_opts: #{inspect(shown(a.opts), pretty: true, width: 80)}

    and so on node b and c, each with a directory of its own.\
    """)

    ids = record(a, b, c)
    read(a, c, ids)
    rest = erase([a, b, c], ids, directory, access)
    rest = away(server, [a, b, c], rest)
    e = lose(server, [a, b, c], rest, directory, access)
    Enum.each([a, c, e], &stop/1)
    farewell(directory)
  end

  defp directory do
    name = "phoenix_replay_demo-#{System.os_time(:second)}-#{System.pid()}"
    System.get_env("DEMO_DIR") || Path.join(System.tmp_dir!(), name)
  end

  defp record(a, b, c) do
    say("#{@sessions} sessions on a, #{@sessions} on b, recorded through the host")
    started = now()

    waiting =
      for {node, seeds} <- [{a, 1..@sessions}, {b, 101..(100 + @sessions)}],
          do: tell(node, :record, [seeds])

    [of_a, of_b] = Enum.map(waiting, &answer/1)

    IO.puts(
      "they have ended and are saved, each on the disk of its node, after #{now() - started} ms"
    )

    for node <- [a, b], do: ask(node, :uploaded, [])
    IO.puts("all are in the bucket after #{now() - started} ms")
    ask(c, :lists, [of_a ++ of_b])
    IO.puts("and c lists all #{2 * @sessions} after #{now() - started} ms")

    rows =
      for summary <- c |> ask(:list, []) |> Enum.take(@shown) do
        from = if summary.id in of_a, do: "a", else: "b"

        [
          summary.id,
          from,
          inspect(summary.view),
          "#{summary.event_count}",
          "#{summary.duration_ms} ms"
        ]
      end

    print_table(["id", "recorded on", "view", "events", "duration"], rows)
    IO.puts("… and #{2 * @sessions - @shown} more")
    of_a ++ of_b
  end

  defp read(a, c, [id | _]) do
    say("c reads what it has no file of")
    files = ask(c, :files, [])
    check(files == 0, "c has #{files} files")
    {us, {:ok, there}} = :timer.tc(fn -> ask(c, :get, [id]) end)
    {again, {:ok, ^there}} = :timer.tc(fn -> ask(c, :get, [id]) end)
    {:ok, here} = ask(a, :get, [id])
    check(there == here, "the two recordings differ")
    IO.puts("#{id}, #{length(there.events)} events, in #{took(us)}: equal to what a has")
    IO.puts("now it has a copy, and reads it in #{took(again)}")
    {:ok, %{total: total}} = ask(c, :query, [[min_events: 100]])
    check(total == 2 * @sessions, "it finds #{total}")
    IO.puts("and it finds #{total} sessions of 100 events or more, without reading any")
  end

  defp erase([a, b, c] = nodes, ids, directory, access) do
    say("c erases all sessions of #{@person}")
    {:ok, %{recordings: hers}} = ask(c, :query, [[subject: @person]])
    hers = for %{id: id} <- hers, do: id
    on = fn node -> node |> ask(:mentions, [@person]) |> length() end

    IO.puts(
      "#{length(hers)} sessions; #{on.(a)} files of a have her address in them, and #{on.(b)} of b"
    )

    check(length(hers) == 12 and on.(a) > 0 and on.(b) > 0, "there should be 12")
    {us, {:ok, erased}} = :timer.tc(fn -> ask(c, :erase, [[subject: @person]]) end)
    check(Enum.sort(erased.ids) == Enum.sort(hers), "others were erased")
    IO.puts("erased: #{erased.count}, in #{took(us)}")
    IO.puts("confirmed by #{names(erased.nodes.confirmed)}")
    IO.puts("still to confirm: #{names(erased.nodes.waiting)}")
    check(length(erased.nodes.confirmed) == 3, "not all have confirmed")

    for node <- nodes do
      left = ask(node, :mentions, [@person])
      listed = Enum.filter(ask(node, :list, []), &(&1.id in hers))
      check(left == [] and listed == [], "#{node.name} still has #{inspect({left, listed})}")
    end

    IO.puts("no file on any node has her address in it")
    d = node("d", directory, access)
    rest = ids -- hers
    ask(d, :lists, [rest])
    check(match?({:ok, %{total: 0}}, ask(d, :query, [[subject: @person]])), "d finds her")

    IO.puts(
      "and a fourth node, on an empty disk, lists the other #{length(rest)}, and none of hers"
    )

    stop(d)
    rest
  end

  defp away(server, [a, _b, c], ids) do
    say("The server goes away")
    server(["stop", server])

    more =
      for seeds <- [201..208, 211..218, 221..228] do
        started = now()
        ids = ask(a, :record, [seeds])
        %{pending_uploads: pending, remote: remote} = ask(a, :stats, [])
        why = with {why, _ms} <- remote.away, do: why

        IO.puts(
          "8 sessions more on a, saved after #{now() - started} ms; pending_uploads: #{pending}, away: #{inspect(why)}"
        )

        {ids, pending}
      end

    check(Enum.map(more, &elem(&1, 1)) == [8, 16, 24], "they should be 8, 16 and 24")
    listed = length(ask(c, :list, []))
    check(listed == length(ids), "c lists #{listed}")
    IO.puts("c lists what it knew, #{listed}")
    started = now()
    server(["start", server])
    IO.puts("The server is back.")
    ask(a, :uploaded, [])
    %{pending_uploads: 0, remote: %{away: nil}} = ask(a, :stats, [])
    IO.puts("pending_uploads: 0, after #{now() - started} ms")
    ids = ids ++ Enum.flat_map(more, &elem(&1, 0))
    ask(c, :lists, [ids])
    IO.puts("and c lists #{length(ids)}")
    ids
  end

  defp lose(server, [_a, b, c], ids, directory, access) do
    say("b is killed while it records, and its disk is lost")
    running = ask(b, :run, [1..@running, @events])

    IO.puts(
      "#{@running} sessions run on b, each with #{@events} events so far; checkpoint_ms: #{@checkpoint_ms}"
    )

    # All events are there by now, and so in the parts that come next.
    Process.sleep(2 * @checkpoint_ms)
    in_parts = fn -> ["running", server] |> server() |> String.split() end
    until(fn -> running -- in_parts.() == [] end)
    IO.puts("what they are so far has been put into the bucket")
    kill(b)
    File.rm_rf!(b.opts[:path])
    IO.puts("b is killed with -9, and #{b.opts[:path]} removed")

    IO.puts("""
    Who has not shown itself for a quarter of an hour is lost. Nobody waits for that here: what b
    has shown is removed from the bucket, and a node starts in its place.\
    """)

    shown = ["nodes", server] |> server() |> String.split()
    [lost] = for name <- shown, String.starts_with?(name, "b-"), do: name
    server(["forget", server, lost])
    e = node("e", directory, access)
    ask(e, :lists, [ids ++ running])
    ask(e, :uploaded, [])
    ask(c, :lists, [ids ++ running])

    rows =
      for %{id: id} = summary <- ask(c, :list, []), id in running do
        check(summary.event_count >= @events, "#{id} has lost events")
        check(Map.get(summary, :recovered?) == true, "#{id} does not say that it was cut off")
        [id, "#{summary.event_count}", "#{inspect(summary.recovered?)}"]
      end

    check(length(rows) == @running, "sessions are lost")
    IO.puts("\nc lists them, as node e has saved them:")
    print_table(["id", "events", "recovered?"], rows)
    {:ok, %{events: events}} = ask(c, :get, [hd(running)])
    check(length(events) >= @events, "it can't be read")
    IO.puts("All #{length(ids ++ running)} sessions are there: nothing was lost with b.")
    e
  end

  defp farewell(directory) do
    say("Where everything is")

    IO.puts("""
    The directories of the nodes, and of the server, are in #{directory}
    Try:
      bin/soak remote     nodes and the server killed, again and again
      bin/remote-test     against a Garage, and a cluster of three
    and guides/several_nodes.md for what is promised.\
    """)
  end

  # A VM on a directory of its own.
  defp node(name, directory, access) do
    opts = [
      path: Path.join(directory, name),
      remote: "s3://#{access["REPLAY_REMOTE_BUCKET"]}/replays",
      remote_opts: [
        endpoint: access["REPLAY_REMOTE_ENDPOINT"],
        region: access["REPLAY_REMOTE_REGION"],
        access_key_id: access["REPLAY_REMOTE_KEY"],
        secret_access_key: access["REPLAY_REMOTE_SECRET"],
        node: name
      ],
      remote_poll_ms: 250,
      checkpoint_ms: @checkpoint_ms,
      subject: {Demo.Node, :subject}
    ]

    paths = for ebin <- :code.get_path(), arg <- ["-pa", to_string(ebin)], do: arg
    # What is secret is not for the list of processes.
    file = Path.join(directory, name <> ".options")
    File.mkdir_p!(directory)
    File.touch!(file)
    File.chmod!(file, 0o600)
    File.write!(file, :erlang.term_to_binary(opts))

    port =
      Port.open({:spawn_executable, System.find_executable("elixir")}, [
        :binary,
        :exit_status,
        line: 1_000_000,
        args: paths ++ [Path.join(__DIR__, "demo_node.exs"), file]
      ])

    %{name: name, port: port, opts: opts}
  end

  defp shown(opts),
    do: Keyword.update!(opts, :remote_opts, &Keyword.take(&1, [:endpoint, :region]))

  defp ask(node, function, arguments), do: node |> tell(function, arguments) |> answer()

  defp tell(node, function, arguments) do
    line = {function, arguments} |> :erlang.term_to_binary() |> Base.encode64()
    Port.command(node.port, line <> "\n")
    node
  end

  defp answer(%{port: port, name: name} = node) do
    receive do
      {^port, {:data, {_, "= " <> text}}} ->
        text |> Base.decode64!() |> :erlang.binary_to_term()

      {^port, {:data, {_, line}}} ->
        # What it logs.
        if String.trim(line) != "", do: IO.puts("  #{name} says: #{line}")
        answer(node)

      {^port, {:exit_status, status}} ->
        raise "the VM of node #{name} ended with #{status}"
    end
  end

  defp stop(node) do
    :ok = ask(node, :close, [])
    Port.close(node.port)
  end

  defp kill(%{port: port}) do
    {:os_pid, os_pid} = Port.info(port, :os_pid)
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    receive do: ({^port, {:exit_status, _}} -> :ok)
  end

  defp until(fun, tries \\ 600) do
    cond do
      fun.() -> :ok
      tries == 0 -> raise "it does not come about"
      true -> Process.sleep(100) && until(fun, tries - 1)
    end
  end

  defp server(arguments) do
    script = Path.join(__DIR__, "demo_server.sh")
    {output, status} = System.cmd("bash", [script | arguments])
    if status != 0, do: raise("the server of the bucket: #{output}")
    String.trim(output)
  end

  # As the server is told.
  defp access(server) do
    for line <- server |> Path.join("env") |> File.stream!(),
        [_, name, value] <- [Regex.run(~r/^export (\w+)="(.*)"$/, line)],
        into: %{},
        do: {name, value}
  end

  defp names([]), do: "nobody"
  defp names(names), do: names |> Enum.sort() |> Enum.join(", ")
  defp now, do: System.monotonic_time(:millisecond)
  defp check(holds?, otherwise), do: if(not holds?, do: raise(otherwise))
end

Demo.Remote.run()
