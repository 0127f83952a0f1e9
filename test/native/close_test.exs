defmodule PhoenixReplay.Native.CloseTest do
  @moduledoc false
  # Directories that are given up, by request or because nobody uses them.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.{Directories, Nif, Store}
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  setup do
    configured()
  end

  defp open?(opts) do
    path = Path.expand(opts[:path])
    Enum.any?(Nif.directories_open(), fn {_store, open} -> open == path end)
  end

  # What a running engine keeps in `.native/`.
  defp held(opts) do
    for kind <- ["slab-*", "tmp-*"],
        path <- Path.wildcard(Path.join([opts[:path], ".native", kind])),
        do: Path.basename(path)
  end

  defp await(condition) do
    if not condition.() do
      Process.sleep(5)
      await(condition)
    end
  end

  test "a closed directory holds nothing, and is opened by whoever uses it", %{opts: opts} do
    [pid] = Session.start_many("s", 1, 5)
    Session.stop(pid)
    :ok = Native.save(recording(id: "saved"), opts)
    assert [_slab, _tmp] = held(opts)

    assert PhoenixReplay.Native.close(opts) == :ok
    refute open?(opts)
    assert held(opts) == []
    assert PhoenixReplay.Native.close(opts) == :ok

    # What had ended was saved first; and each call finds its way back.
    assert {:ok, recording} = PhoenixReplay.Storage.File.get("s-1", opts)
    assert Session.check!(recording) == 5

    calls = [
      fn -> {:ok, _} = Native.get("s-1", opts) end,
      fn -> [_, _] = Native.list(opts) end,
      fn -> [_, _] = Native.list_summaries(opts) end,
      fn -> :ok = Native.save(recording(id: "again"), opts) end,
      fn -> :ok = Native.delete("again", opts) end,
      fn -> {:ok, %{total: 2}} = PhoenixReplay.Native.query([], [], opts) end,
      fn -> {:ok, %{events: [_ | _]}} = PhoenixReplay.Native.facets([], [], opts) end,
      fn -> {:ok, %{recordings: 2}} = PhoenixReplay.Native.stats(opts) end,
      fn -> {:ok, %{checked: 2}} = PhoenixReplay.Native.verify([], opts) end,
      fn -> {:ok, %{checked: 2}} = PhoenixReplay.Native.repair([], opts) end,
      fn -> {:ok, %{count: 0}} = PhoenixReplay.Native.delete_where([id: "none"], [], opts) end,
      fn -> {:error, :not_found} = Store.append_event("none", {1, :event, %{}}) end,
      fn -> :error = Store.finalize("none") end,
      fn -> "n" |> Session.start_many(1, 2) |> Enum.each(&Session.stop/1) end,
      fn -> :ok = Native.init(opts) end,
      fn -> :ok = Native.clear(opts) end
    ]

    for call <- calls do
      assert PhoenixReplay.Native.close(opts) == :ok
      refute open?(opts)
      call.()
      assert open?(opts)
    end
  end

  test "a directory in which something is in flight stays open, and so do its sessions",
       %{opts: opts} do
    pids = Session.start_many("s", 3, 2)
    assert PhoenixReplay.Native.close(opts) == {:error, {:in_flight, 3}}
    assert open?(opts)
    for n <- 1..3, do: assert(:ok = Store.append_event("s-#{n}", Session.event("s-#{n}", 3)))
    Enum.each(pids, &Session.stop/1)
    assert PhoenixReplay.Native.close(opts) == :ok

    for recording <- PhoenixReplay.Storage.File.list(opts),
        do: assert(Session.check!(recording) == 3)
  end

  test "who remembers a session of a closed directory finds its successor", %{opts: opts} do
    [first] = Session.start_many("s", 1, 2)
    :ok = Store.append_event("s-1", Session.event("s-1", 3))
    Session.stop(first)
    :ok = PhoenixReplay.Native.close(opts)
    assert Store.append_event("s-1", Session.event("s-1", 4)) == {:error, :ended}
    [second] = Session.start_many("s", 1, 2)
    assert Store.append_event("s-1", Session.event("s-1", 3)) == :ok
    Session.stop(second)
    drained(opts)
    assert {:ok, recording} = Native.get("s-1", opts)
    assert Session.check!(recording) == 3
  end

  test "closing and using a directory at once loses nothing", %{opts: opts} do
    closer = Task.async(fn -> close_until_told(opts) end)

    1..4
    |> Task.async_stream(
      fn w ->
        for n <- 1..25 do
          :ok = Native.save(recording(id: "#{w}-#{n}"), opts)
          "f-#{w}-#{n}" |> Session.start_many(1, 2) |> Enum.each(&Session.stop/1)
          {:ok, _} = Native.get("#{w}-#{n}", opts)
        end
      end,
      timeout: :infinity
    )
    |> Stream.run()

    send(closer.pid, :stop)
    assert Task.await(closer, :infinity) > 0
    drained(opts)
    assert length(Native.list_summaries(opts)) == 200
  end

  defp close_until_told(opts, closed \\ 0) do
    receive do
      :stop -> closed
    after
      0 ->
        case PhoenixReplay.Native.close(opts) do
          :ok -> close_until_told(opts, closed + 1)
          {:error, {:in_flight, _}} -> close_until_told(opts, closed)
        end
    end
  end

  test "a directory that nobody uses is closed by itself, with no word of its options lost" do
    opts = [path: tmp_dir(), idle_timeout_ms: 20, compression: :zstd]
    :ok = Native.save(recording(id: "a"), opts)
    await(fn -> not open?(opts) end)
    assert held(opts) == []
    # It is the same directory that is opened again, whoever does it.
    plain = Keyword.delete(opts, :compression)
    :ok = Native.save(recording(id: "b"), plain)
    assert File.exists?(Path.join(opts[:path], "b.etf.zst"))
    # Until someone closes it.
    assert PhoenixReplay.Native.close(opts) == :ok
    :ok = Native.save(recording(id: "c"), plain)
    assert File.exists?(Path.join(opts[:path], "c.etf.gz"))
  end

  test "sessions and limits keep a directory open, however long nobody asks" do
    limited = [path: tmp_dir(), idle_timeout_ms: 1, max_age_ms: 1_000_000_000]
    busy = [path: tmp_dir(), idle_timeout_ms: 1]
    idle = [path: tmp_dir(), idle_timeout_ms: 1]
    Application.put_env(:phoenix_replay, :storage_opts, busy)
    [pid] = Session.start_many("s", 1, 1)
    for opts <- [limited, idle], do: :ok = Native.init(opts)
    # Each look at them is one at all of them.
    for _ <- 1..3 do
      await(fn -> not open?(idle) end)
      :ok = Native.init(idle)
    end

    assert open?(limited) and open?(busy)
    Session.stop(pid)
    await(fn -> not open?(busy) end)
    assert {:ok, recording} = PhoenixReplay.Storage.File.get("s-1", busy)
    assert Session.check!(recording) == 1
  end

  test "who uses an open directory with other options is told, once", %{opts: opts} do
    :ok = Native.init(opts)
    other = opts ++ [compression: :zstd, durability: :relaxed, max_recordings: 7]

    log = capture_log(fn -> for _ <- 1..2, do: :ok = Native.save(recording(), other) end)
    assert [_before, told] = String.split(log, "is open with other options: ")
    assert told =~ ":compression, :durability, :max_recordings as given here"
    assert {:ok, %{durability: :synced}} = PhoenixReplay.Native.stats(opts)
    assert [_, _] = Path.wildcard(Path.join(opts[:path], "*.etf.gz"))

    # The format is nobody else's business, nor how long a shutdown may take.
    alike = opts ++ [format: :json, drain_timeout_ms: 5]
    assert capture_log(fn -> :ok = Native.save(recording(), alike) end) == ""
    assert [_] = Path.wildcard(Path.join(opts[:path], "*.json.gz"))
  end

  test "a directory that can't be opened is asked for again by the next" do
    path = tmp_dir()
    File.write!(path, "in the way")
    assert Native.init(path: path) == {:error, :enotdir}
    assert PhoenixReplay.Native.close(path: path) == :ok
    File.rm!(path)
    assert Native.init(path: path) == :ok
    assert PhoenixReplay.Native.close([]) == :ok
    assert {:error, {:invalid_option, :path, _}} = PhoenixReplay.Native.close(path: 1)
    assert {:ok, {_directory, :etf}} = Directories.fetch(path: path)
  end
end
