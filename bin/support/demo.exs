# What bin/demo runs: an application's traffic, recorded through the host with
# the native backend configured as any application would configure it.

Code.require_file("../../bench/support/traffic.ex", __DIR__)

for file <- ~w(demo_text demo_query demo_person demo_page),
    do: Code.require_file(file <> ".exs", __DIR__)

defmodule Demo do
  import Demo.Text

  alias PhoenixReplay.{Recording, Storage, Store}
  alias PhoenixReplay.Storage.Native

  @sessions 300
  @shown 12
  @steps 16
  @live 300

  def run do
    directory = directory()
    opts = [path: Path.join(directory, "recordings")]
    configure(opts)
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)

    say("Configuration: two lines")

    IO.puts("""
    config :phoenix_replay,
      storage: #{inspect(Native)},
      storage_opts: #{inspect(opts)}\
    """)

    sources = sources()
    record(sources, opts)
    table(opts)
    replay(opts)
    read_back(opts)
    crash(Path.join(directory, "live"))
    timings(opts, sources, directory)
    say("Questions, and what they cost")
    Demo.Query.ask(opts)
    say("Finding one person's sessions, and erasing them")
    Demo.Person.find_and_erase(opts)
    say("A session, seen")
    Demo.Page.write(opts, directory)
    farewell(opts)
  end

  # The host has been told nothing but these two settings.
  defp configure(opts) do
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
  end

  defp directory do
    System.get_env("DEMO_DIR") ||
      Path.join(
        System.tmp_dir!(),
        "phoenix_replay_demo-#{System.os_time(:second)}-#{System.pid()}"
      )
  end

  # Sessions of a real application if the fixtures are at hand, else generated
  # ones of the same shape.
  defp sources do
    case fixtures() do
      [] ->
        IO.puts(:stderr, "(no fixtures here: the traffic is generated)")
        for seed <- 1..7, do: Bench.Traffic.tasks_session(seed)

      paths ->
        # The application that made them would have defined their atoms. Only
        # a demo may make them out of a file.
        for path <- paths do
          fields = path |> File.read!() |> :zlib.gunzip() |> :erlang.binary_to_term()
          struct(Recording, fields)
        end
    end
  end

  defp fixtures do
    [
      Path.expand("../../test/fixtures", __DIR__),
      Path.expand("../../../shared/fixtures", __DIR__)
    ]
    |> Enum.map(&Path.wildcard(Path.join(&1, "*/etf/*.etf.gz")))
    |> Enum.find([], &(&1 != []))
  end

  # Each session is a process, as a LiveView is; the recorder's calls are made
  # in it; when it exits, the host saves what it has recorded.
  defp record(sources, opts) do
    say("Recording #{@sessions} sessions through the host")
    started = System.monotonic_time(:millisecond)

    sources
    |> Stream.cycle()
    |> Enum.take(@sessions)
    |> Enum.with_index()
    |> Task.async_stream(fn {source, n} -> session(Demo.Person.into(source, n), n) end,
      max_concurrency: 50
    )
    |> Stream.run()

    wait_for(@sessions, fn -> length(Native.list_summaries(opts)) end)
    took = System.monotonic_time(:millisecond) - started
    events = Native.list_summaries(opts) |> Enum.map(& &1.event_count) |> Enum.sum()
    IO.puts("#{@sessions} sessions, #{events} events, all on disk after #{took} ms")
  end

  defp session(%Recording{events: [mount | rest]} = source, n) do
    id = Base.url_encode64(:crypto.strong_rand_bytes(16), padding: false)
    connected_at = source.connected_at + n * 61_003

    Store.start_recording(id, %{source | id: id, connected_at: connected_at, events: [mount]})
    for event <- rest, do: Store.append_event(id, event)
  end

  defp wait_for(count, fun), do: wait_for(count, fun, System.monotonic_time(:millisecond))

  defp wait_for(count, fun, shown_at) do
    done = fun.()
    now = System.monotonic_time(:millisecond)
    late? = now - shown_at > 500
    if late?, do: IO.puts(:stderr, "  … #{done} of #{count} saved")

    if done < count do
      Process.sleep(10)
      wait_for(count, fun, if(late?, do: now, else: shown_at))
    end
  end

  defp table(opts) do
    say("The recordings, newest first (#{@shown} of #{@sessions})")

    rows =
      for summary <- opts |> Native.list_summaries() |> Enum.take(@shown) do
        file = Path.join(opts[:path], summary.id <> ".etf.gz")

        [
          summary.id,
          inspect(summary.view),
          summary.connected_at |> DateTime.from_unix!(:millisecond) |> Calendar.strftime("%c"),
          "#{summary.event_count}",
          "#{summary.duration_ms} ms",
          "#{File.stat!(file).size} B"
        ]
      end

    print_table(["id", "view", "connected at", "events", "duration", "file"], rows)
  end

  defp replay(opts) do
    summary = opts |> Native.list_summaries() |> Enum.find(&(&1.event_count in 10..40))
    {:ok, recording} = Native.get(summary.id, opts)
    say("Recording #{summary.id}, step by step")

    rows =
      for {offset, type, payload} <- Enum.take(recording.events, @steps) do
        ["#{offset} ms", inspect(type), String.slice(describe(type, payload), 0, 90)]
      end

    print_table(["offset", "type", "what changed"], rows)
    more = length(recording.events) - @steps
    if more > 0, do: IO.puts("… and #{more} more")
  end

  defp describe(:event, %{name: name, params: params}), do: "#{name} #{brief(params)}"
  defp describe(:handle_params, %{url: url}), do: "#{url}"
  defp describe(:mount, %{assigns: assigns}), do: "assigns #{keys(assigns)}"
  defp describe(:assigns, %{delta: delta}), do: "#{keys(delta)} #{brief(delta)}"
  defp describe(:assigns, %{snapshot: all}), do: "everything: #{keys(all)}"
  defp describe(_type, payload), do: brief(payload)

  defp keys(map), do: map |> Map.keys() |> Enum.map_join(", ", &to_string/1)

  defp brief(term) do
    term |> inspect(limit: 8, printable_limit: 40) |> String.slice(0, 60)
  end

  defp read_back(opts) do
    say("The same directory, read by the pure-Elixir backend")
    newest_first = &Enum.sort_by(&1, fn item -> {-item.connected_at, item.id} end)
    theirs = Storage.File.list(opts)
    equal? = newest_first.(theirs) == Native.list(opts)
    IO.puts("#{length(theirs)} recordings, equal to ours term by term: #{equal?}")

    summaries? = newest_first.(Storage.File.list_summaries(opts)) == Native.list_summaries(opts)
    IO.puts("their summaries equal to ours: #{summaries?}")
    if not (equal? and summaries?), do: raise("the two backends disagree")
  end

  # The native table: a VM that dies in the middle, and what is left of it.
  defp crash(path) do
    say("Recording #{@live} live sessions through the native table, and kill -9 in the middle")
    safe = record_and_kill(path)
    IO.puts("killed when at least #{safe} events had been acknowledged")

    opts = [path: path]
    {took, :ok} = :timer.tc(fn -> Native.init(opts) end)
    recovered = Enum.filter(Native.list_summaries(opts), &Map.get(&1, :recovered?, false))
    events = recovered |> Enum.map(& &1.event_count) |> Enum.sum()

    IO.puts(
      "opened again in #{div(took, 1000)} ms: #{length(recovered)} recordings, #{events} events"
    )

    if events < safe, do: raise("events were lost")

    drain(opts, System.monotonic_time(:millisecond))
    files = length(Path.wildcard(Path.join(path, "*.etf.gz")))
    IO.puts("#{files} of them on disk, for either backend to read; the slab is given back")
    [one | _] = Native.list_summaries(opts)
    IO.puts("the newest: #{inspect(Map.take(one, [:id, :event_count, :active?, :recovered?]))}")
  end

  defp record_and_kill(path) do
    args =
      for(ebin <- :code.get_path(), arg <- ["-pa", to_string(ebin)], do: arg) ++
        [Path.join(__DIR__, "demo_child.exs"), path, "#{@live}"]

    port =
      Port.open({:spawn_executable, System.find_executable("elixir")}, [
        :binary,
        :exit_status,
        line: 100,
        args: args
      ])

    {:os_pid, os_pid} = Port.info(port, :os_pid)
    safe = safe_events(port, 0)
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    receive do: ({^port, {:exit_status, _}} -> safe)
  end

  defp safe_events(_port, safe) when safe >= 20_000, do: safe

  defp safe_events(port, _safe) do
    receive do
      {^port, {:data, {:eol, line}}} ->
        safe = String.to_integer(line)
        if rem(safe, 5000) == 0, do: IO.puts(:stderr, "  … #{safe} events are safe")
        safe_events(port, safe)

      {^port, {:exit_status, status}} ->
        raise("the VM to be killed ended by itself, with #{status}")
    end
  end

  defp drain(opts, started) do
    {:ok, {directory, _}} = PhoenixReplay.Native.Directories.fetch(opts)

    case PhoenixReplay.Native.Nif.store_drain(directory, 500) do
      0 ->
        PhoenixReplay.Native.Nif.store_trim(directory)

        IO.puts(
          "saved in the background within #{System.monotonic_time(:millisecond) - started} ms"
        )

      left ->
        IO.puts(:stderr, "  … #{left} still to be saved")
        drain(opts, started)
    end
  end

  defp timings(opts, sources, directory) do
    say("Side by side (medians, both sides in turn; bin/bench measures properly)")
    biggest = Enum.max_by(sources, &length(&1.events))
    id = opts |> Native.list_summaries() |> Enum.max_by(& &1.event_count) |> Map.fetch!(:id)

    saving =
      for side <- [:native, :file], do: {side, [path: Path.join(directory, "save-#{side}")]}

    for {_, to} <- saving, do: :ok = Storage.File.init(to)

    save = fn backend, side ->
      backend.save(%{biggest | id: Bench.Traffic.id(:rand.uniform(1_000_000_000))}, saving[side])
    end

    rows =
      for {name, rounds, ours, theirs} <- [
            {"save, #{length(biggest.events)} events", 21, fn -> save.(Native, :native) end,
             fn -> save.(Storage.File, :file) end},
            {"get, the largest", 21, fn -> Native.get(id, opts) end,
             fn -> Storage.File.get(id, opts) end},
            {"list, all #{@sessions}", 3, fn -> Native.list(opts) end,
             fn -> Storage.File.list(opts) end},
            {"list_summaries, all #{@sessions}", 3, fn -> Native.list_summaries(opts) end,
             fn -> Storage.File.list_summaries(opts) end}
          ] do
        {native, file} = interleaved(rounds, ours, theirs)
        [name, took(native), took(file), "#{Float.round(file / max(native, 1), 1)} times"]
      end

    print_table(["", "native", "pure Elixir", "faster"], rows)
    IO.puts("The native save is synced to the disk; the pure-Elixir one is not.")
  end

  defp interleaved(rounds, ours, theirs) do
    pairs = for _ <- 1..rounds, do: {time(ours), time(theirs)}
    {median(Enum.map(pairs, &elem(&1, 0))), median(Enum.map(pairs, &elem(&1, 1)))}
  end

  # In a process of its own, so that no run pays for another's garbage.
  defp time(fun) do
    Task.await(Task.async(fn -> elem(:timer.tc(fun), 0) end), :infinity)
  end

  defp median(times), do: times |> Enum.sort() |> Enum.at(div(length(times), 2))

  defp farewell(opts) do
    say("Where everything is")

    IO.puts("""
    The recordings are in #{opts[:path]}
    Try:
      mix phoenix_replay.native.ls --path #{opts[:path]} --limit 5
      target/release/replay --dir #{opts[:path]} stats
      bin/test          everything that must hold
      bin/bench         how it compares, section by section
    and README.md for the two lines of configuration.\
    """)
  end
end

Demo.run()
