defmodule PhoenixReplay.Native.Test.Attack.Kills do
  @moduledoc false
  # Kills processes inside native calls, of every kind that takes time. Nothing that was
  # acknowledged may be lost by it, and nothing that the calls hold may stay.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Directories, Nif, Store}
  alias PhoenixReplay.Native.Test.{Recordings, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  # So many are at work at a time.
  @lanes 4

  # Nobody is given more time than this, in ms.
  @longest 3

  @work [
    :append,
    :checkpoint,
    :clear,
    :close,
    :delete,
    :delete_where,
    :drain,
    :get,
    :list,
    :open,
    :query,
    :rewrite,
    :save,
    :search,
    :stats,
    :trim,
    :verify
  ]

  # What an engine that is closed may leave beside the recordings.
  @kept ~w(id index index.lock index.log)

  @doc """
  Kills `kills` processes, in directories below `root`. Returns how many were inside a
  call, as far as one can tell, and how many recordings and sessions were looked at then.
  """
  def run(root, kills, seed \\ 1) do
    directories = start(root)
    notes = :ets.new(:notes, [:public])
    world = {directories, notes}
    # What all of it needs is there from now on.
    for kind <- @work, do: Task.await(Task.async(fn -> for _ <- 1..2, do: work(kind, world) end))
    before = holdings()

    killed =
      1..@lanes
      |> Task.async_stream(&lane(&1, div(kills, @lanes), seed, world), timeout: :infinity)
      |> Enum.reduce(0, fn {:ok, killed}, sum -> sum + killed end)

    for opts <- Map.values(directories), do: Recordings.drained(opts)
    # Of sessions that were killed in flight, as of all others.
    found = check(notes, directories.main)
    settle(before, 300)
    for opts <- Map.values(directories), do: check_closed(opts)
    {killed, found}
  end

  defp start(root) do
    directories =
      for name <- [:main, :cleared, :opened], into: %{} do
        {name, [path: Path.join(root, "#{name}"), durability: :relaxed, compression: :zstd]}
      end

    Application.put_env(:phoenix_replay, :storage, Storage)
    Application.put_env(:phoenix_replay, :storage_opts, directories.main)

    for n <- 1..30,
        do:
          :ok = Storage.save(Recordings.recording(id: "kept-#{n}", events: 40), directories.main)

    directories
  end

  defp lane(n, kills, seed, world) do
    :rand.seed(:exsss, {seed, n, 0})

    Enum.count(1..kills, fn _ ->
      kind = Enum.random(@work)
      {pid, ref} = spawn_monitor(fn -> forever(kind, world) end)
      Process.sleep(:rand.uniform(@longest + 1) - 1)
      inside = inside?(pid)
      Process.exit(pid, :kill)

      receive do
        {:DOWN, ^ref, _, _, :killed} -> inside
        {:DOWN, ^ref, _, _, reason} -> raise("#{kind}: #{inspect(reason)}")
      end
    end)
  end

  # A call on a dirty scheduler goes on when its process is killed.
  defp inside?(pid) do
    case Process.info(pid, :current_function) do
      {:current_function, {Nif.Stubs, _, _}} -> true
      _ -> false
    end
  end

  defp forever(kind, world) do
    work(kind, world)
    forever(kind, world)
  end

  defp work(:append, {_, notes}) do
    id = id()
    :ok = Store.start_recording(id, Session.recording(id))

    for n <- 1..50 do
      :ok = Store.append_event(id, Session.event(id, n))
      :ets.insert(notes, {id, {:appended, n}})
    end
  end

  defp work(:save, {%{main: opts}, notes}), do: save(opts, notes)

  defp work(:delete, {%{main: opts}, notes}) do
    id = save(opts, notes)
    :ets.insert(notes, {id, :deleting})
    :ok = Storage.delete(id, opts)
    :ets.insert(notes, {id, :deleted})
  end

  defp work(:delete_where, {%{main: opts}, notes}) do
    id = save(opts, notes)
    :ets.insert(notes, {id, :deleting})
    {:ok, %{count: 1}} = Native.delete_where([id: id], [], opts)
    :ets.insert(notes, {id, :deleted})
  end

  defp work(:rewrite, {%{main: opts}, _}) do
    number = :rand.uniform(1_000_000)
    change = fn recording -> {:ok, %{recording | session: %{"n" => number}}} end
    {:ok, %{failed: []}} = Native.rewrite([id: "kept-1"], change, [], opts)
  end

  defp work(:clear, {%{cleared: opts}, _}) do
    for n <- 1..3, do: :ok = Storage.save(Recordings.recording(id: "#{n}-#{id()}"), opts)
    :ok = Storage.clear(opts)
  end

  defp work(:drain, {%{main: opts}, _}) do
    id = id()
    {pid, ref} = spawn_monitor(fn -> :ok = Store.start_recording(id, Session.recording(id)) end)
    receive do: ({:DOWN, ^ref, _, ^pid, :normal} -> :ok)
    Recordings.drained(opts)
  end

  defp work(:checkpoint, {%{main: opts}, _}) do
    id = id()
    :ok = Store.start_recording(id, Session.recording(id))
    :ok = Store.append_event(id, Session.event(id, 1))
    Directories.run(opts, fn directory, _ -> Nif.store_checkpoint(directory, 1_000) end)
  end

  defp work(:open, {%{opened: opts}, _}), do: [] = Storage.list_summaries(opts)

  # Whoever waits in line to use it has it opened again.
  defp work(:close, {%{opened: opts}, _}), do: Native.close(opts)
  defp work(:list, {%{main: opts}, _}), do: [_ | _] = Storage.list(opts)
  defp work(:get, {%{main: opts}, _}), do: {:ok, _} = Storage.get("kept-7", opts)

  defp work(:query, {%{main: opts}, _}) do
    {:ok, _} = Native.query([event: "validate"], [limit: 20], opts)
    {:ok, _} = Native.facets([], [], opts)
  end

  defp work(:search, {%{main: opts}, _}),
    do: {:ok, _} = Native.query([contains: "task 3"], [limit: 50], opts)

  defp work(:verify, {%{main: opts}, _}), do: {:ok, %{damaged: []}} = Native.verify([], opts)
  defp work(:stats, {%{main: opts}, _}), do: {:ok, _} = Native.stats(opts)

  defp work(:trim, {%{main: opts}, _}),
    do: Directories.run(opts, fn directory, _ -> Nif.store_trim(directory) end)

  defp save(opts, notes) do
    id = id()
    :ets.insert(notes, {id, :saving})
    :ok = Storage.save(recording(id), opts)
    :ets.insert(notes, {id, :saved})
    id
  end

  defp recording(id), do: Recordings.recording(id: id, events: 3 + rem(:erlang.phash2(id), 30))
  defp id, do: "k-" <> Recordings.id()

  defp check(notes, opts) do
    for n <- 1..30, do: {:ok, _} = Storage.get("kept-#{n}", opts)
    notes = :ets.tab2list(notes)

    for {id, note} <- notes do
      found = Native.get(id, [], opts)
      if not right?(note, found, id), do: raise("#{id}, #{inspect(note)}: #{inspect(found)}")
    end

    {:ok, %{running: 0, waiting: 0, failed: 0}} = Native.stats(opts)
    length(notes)
  end

  # What was begun, and not acknowledged, has happened or has not.
  defp right?(:saved, found, id), do: found == {:ok, recording(id)}
  defp right?(:deleted, found, _), do: found == {:error, :not_found}
  defp right?({:appended, n}, {:ok, found}, _), do: Session.check!(found) in [n, n + 1]
  defp right?({:appended, _}, _, _), do: false
  defp right?(_, {:error, :not_found}, _), do: true
  defp right?(_, found, id), do: found == {:ok, recording(id)}

  # What the VM holds. A few threads and their descriptors more or less are noise: each kill that
  # left something would show hundredfold.
  defp holdings do
    %{
      threads: length(File.ls!("/proc/self/task")),
      descriptors: length(File.ls!("/proc/self/fd")),
      processes: :erlang.system_info(:process_count)
    }
  end

  defp settle(before, tries) do
    now = holdings()
    more = for {kind, count} <- now, count > before[kind] + 8, do: {kind, before[kind], count}

    cond do
      more == [] -> :ok
      tries == 0 -> raise("it stays: #{inspect(more)}")
      true -> Process.sleep(50) && settle(before, tries - 1)
    end
  end

  # Nobody holds it any more, and there is nothing but recordings and the index.
  defp check_closed(opts) do
    :ok = Native.close(opts)
    native = Path.join(opts[:path], ".native")
    # There is none of a directory that nothing was written to.
    left = if File.dir?(native), do: File.ls!(native) -- @kept, else: []
    if left != [], do: raise("#{inspect(left)} are left of #{opts[:path]}")
  end
end
