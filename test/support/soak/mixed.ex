defmodule PhoenixReplay.Native.Test.Soak.Mixed do
  @moduledoc false
  # All kinds of work at once, for as long as it is let. How much is there at a time is bounded:
  # by the limits of the directories, and because what is begun ends. Sessions must not end faster
  # than a slow disk has them saved: until then they are in the slab.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.{Recordings, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  # Who does it, how many of them, and how long each pauses after a turn, in ms.
  @work [
    record: {4, 200},
    record_long: {2, 5},
    record_and_erase: {1, 200},
    save: {2, 20},
    delete: {1, 20},
    list: {1, 50},
    query: {1, 100},
    search: {1, 500},
    read: {2, 10},
    rewrite: {1, 1_000},
    verify: {1, 5_000},
    open_and_close: {1, 200}
  ]

  @doc "The directories below `root`: sessions are recorded into the first one."
  def directories(root) do
    [
      [path: Path.join(root, "zstd"), compression: :zstd, max_recordings: 1_000],
      [path: Path.join(root, "gzip"), durability: :relaxed, max_bytes: 500_000]
    ]
  end

  @doc "Starts it; all of it ends with the caller, and with whatever fails in it."
  def start(root) do
    [recorded | _] = directories = directories(root)
    Application.put_env(:phoenix_replay, :storage, Storage)
    Application.put_env(:phoenix_replay, :storage_opts, recorded)
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    for opts <- directories, do: :ok = Storage.init(opts)

    for {kind, {count, pause_ms}} <- @work, n <- 1..count do
      spawn_link(fn -> loop(kind, "#{kind}#{n}", directories, pause_ms, 1) end)
    end
  end

  defp loop(kind, name, directories, pause_ms, k) do
    work(kind, "#{name}-#{k}", directories)
    Process.sleep(pause_ms)
    loop(kind, name, directories, pause_ms, k + 1)
  end

  defp work(:record, id, _directories), do: session(id, nil, 5 + :rand.uniform(60), 0)
  defp work(:record_long, id, _directories), do: session(id, nil, 1_500, 10)

  defp work(:record_and_erase, id, [opts | _]) do
    parent = self()
    subject = "user of #{id}"

    for part <- 1..4 do
      spawn_link(fn ->
        start(id <> "-#{part}", subject, 20, 0)
        send(parent, :recorded)
        # Every other one is still in flight when it is erased.
        if rem(part, 2) == 0, do: receive(do: (:stop -> :ok)), else: :ok
      end)
    end
    |> tap(fn pids -> for _ <- pids, do: receive(do: (:recorded -> :ok)) end)
    |> tap(fn _ -> {:ok, _} = Native.delete_where([subject: subject], [], opts) end)
    |> Enum.each(&send(&1, :stop))
  end

  defp work(:save, id, directories) do
    opts = [format: Enum.random([:etf, :json])] ++ Enum.random(directories)
    now = System.os_time(:millisecond)
    :ok = Storage.save(Recordings.recording(id: id, connected_at: now, events: 40), opts)
  end

  defp work(:delete, _id, directories) do
    with {id, opts} <- any(directories), do: :ok = Storage.delete(id, opts)
  end

  defp work(:list, _id, directories), do: Storage.list_summaries(Enum.random(directories))

  defp work(:query, _id, directories) do
    opts = Enum.random(directories)
    {:ok, %{cursor: cursor}} = Native.query([event: "validate"], [limit: 20], opts)
    {:ok, _} = Native.query([event: "validate"], [limit: 20, cursor: cursor], opts)
    {:ok, _} = Native.facets([min_events: 5], [], opts)
    {:ok, _} = Native.stats(opts)
  end

  defp work(:search, _id, directories),
    do: {:ok, _} = Native.query([contains: "task 3"], [limit: 50], Enum.random(directories))

  # It may be gone by then.
  defp work(:read, _id, directories) do
    with {id, opts} <- any(directories), {:ok, %{id: ^id}} <- Storage.get(id, opts), do: :ok
  end

  defp work(:rewrite, _id, directories) do
    mask = fn recording -> {:ok, %{recording | session: %{}}} end
    {:ok, _} = Native.rewrite([id: "save1-"], mask, [], Enum.random(directories))
  end

  defp work(:verify, _id, directories) do
    {:ok, %{damaged: []}} = Native.verify([], Enum.random(directories))
  end

  defp work(:open_and_close, id, [opts | _]) do
    path = opts[:path] |> Path.dirname() |> Path.join("closed/#{id}")
    :ok = Storage.save(Recordings.recording(id: id), path: path)
    :ok = Native.close(path: path)
    File.rm_rf!(path)
  end

  defp any(directories) do
    opts = Enum.random(directories)

    case Storage.list_summaries(opts) do
      [] -> nil
      summaries -> {Enum.random(summaries).id, opts}
    end
  end

  defp session(id, subject, events, pause_ms) do
    {pid, ref} = spawn_monitor(fn -> start(id, subject, events, pause_ms) end)
    receive do: ({:DOWN, ^ref, _, ^pid, :normal} -> :ok)
  end

  defp start(id, subject, events, pause_ms) do
    now = System.os_time(:millisecond)
    :ok = Store.start_recording(id, %{Session.recording(id) | connected_at: now}, subject)

    for n <- 1..events do
      # One that is erased meanwhile is refused.
      Store.append_event(id, Session.event(id, n))
      if pause_ms > 0, do: Process.sleep(pause_ms)
    end
  end
end
