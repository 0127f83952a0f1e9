defmodule PhoenixReplay.Native.RemoteTest do
  @moduledoc false
  # Two nodes, each with a directory of its own, and one bucket.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.InFlight
  alias PhoenixReplay.Native.Test.{ChildVM, S3Server, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote

  setup do
    server = S3Server.start()
    %{server: server, a: S3Server.node(server, "a"), b: S3Server.node(server, "b")}
  end

  defp save(opts, overrides) do
    recording = recording(overrides)
    :ok = Storage.save(recording, opts)
    recording
  end

  defp stats(opts) do
    {:ok, stats} = Native.stats(opts)
    stats
  end

  defp ids(opts), do: opts |> Storage.list_summaries() |> Enum.map(& &1.id) |> Enum.sort()
  defp uploaded(opts), do: eventually(fn -> stats(opts).pending_uploads == 0 end)
  defp sees(opts, ids), do: eventually(fn -> ids(opts) == Enum.sort(ids) end)
  defp file?(opts, id), do: Path.wildcard(Path.join(opts[:path], id <> "*")) != []

  test "what one node saves, the other lists, queries, counts, searches and reads", context do
    %{server: server, a: a, b: b} = context
    recording = save(a, url: "http://localhost/needle", events: 30)
    other = save(b, view: Gone.Live)
    for opts <- [a, b], do: sees(opts, [recording.id, other.id])
    refute file?(b, recording.id)

    assert {:ok, %{total: 1, recordings: [%{id: id}]}} = Native.query([url: "needle"], [], b)
    assert id == recording.id
    assert {:ok, %{views: views}} = Native.facets([], [], b)
    assert {PhoenixReplay.Native.Test.FormLive, 1} in views and {Gone.Live, 1} in views
    assert {:ok, %{total: 1}} = Native.query([contains: "needle"], [], b)
    assert Storage.get(recording.id, b) == {:ok, recording}
    assert Native.get(recording.id, [], b) == {:ok, recording}
    assert Enum.sort(Storage.list(a)) == Enum.sort([recording, other])

    # It is the same file, byte for byte.
    [object] = for name <- S3Server.recordings(server), name =~ recording.id, do: name
    [path] = Path.wildcard(server.folder <> "/replays/*/*/*/" <> object)
    assert object =~ ~r/\A\d{13}-\d{19}-#{recording.id}\.etf\.gz\z/
    assert File.read!(path) == File.read!(Path.join(a[:path], recording.id <> ".etf.gz"))
  end

  test "the formats and compressions of one are read by the other", %{a: a, b: b} do
    json = save(a ++ [format: :json], url: "http://localhost/json", params: %{}, session: %{})
    zstd = save(S3Server.node(context_server(a), "z", compression: :zstd), [])
    sees(b, [json.id, zstd.id])
    assert {:ok, %{url: "http://localhost/json"}} = Storage.get(json.id, b)
    assert Storage.get(zstd.id, b) == {:ok, zstd}
  end

  defp context_server(opts), do: %{endpoint: opts[:remote_opts][:endpoint]}

  test "what is read is kept, and what is there only is read again", %{a: a, b: b} do
    recording = save(a, [])
    sees(b, [recording.id])
    assert %{remote: %{elsewhere: 1, objects: 1}} = stats(b)
    assert {:ok, _} = Storage.get(recording.id, b)
    assert file?(b, recording.id)
    assert %{remote: %{elsewhere: 0, objects: 1, requests: %{gets: gets}}} = stats(b)
    assert {:ok, _} = Storage.get(recording.id, b)
    assert stats(b).remote.requests.gets == gets
  end

  test "files that are in the bucket go when there are more bytes than are to be kept", context do
    opts = S3Server.node(context.server, "small", local_max_bytes: 0)
    recording = save(opts, [])
    eventually(fn -> not file?(opts, recording.id) end)
    assert [%{id: id}] = Storage.list_summaries(opts)
    assert id == recording.id
    assert Storage.get(recording.id, opts) == {:ok, recording}
    assert stats(opts).recordings == 1
  end

  test "what one deletes is gone for the other, and from the bucket", context do
    %{server: server, a: a, b: b} = context
    [gone, kept] = for _ <- 1..2, do: save(a, [])
    sees(b, [gone.id, kept.id])
    assert {:ok, _} = Storage.get(gone.id, b)
    assert Storage.delete(gone.id, b) == :ok
    assert Storage.get(gone.id, b) == :error
    sees(a, [kept.id])
    assert Storage.get(gone.id, a) == :error
    eventually(fn -> not Enum.any?(S3Server.recordings(server), &(&1 =~ gone.id)) end)
    for opts <- [a, b], do: eventually(fn -> not file?(opts, gone.id) end)
    assert Storage.get(kept.id, b) == {:ok, kept}
  end

  test "one that is saved again is the new one everywhere", %{a: a, b: b} do
    recording = save(a, [])
    sees(b, [recording.id])
    assert {:ok, _} = Storage.get(recording.id, b)
    changed = %{recording | url: "http://localhost/changed"}
    :ok = Storage.save(changed, b)
    eventually(fn -> Storage.get(recording.id, a) == {:ok, changed} end)
    assert [%{url: "http://localhost/changed"}] = Storage.list_summaries(a)
  end

  test "clear empties the bucket, and all nodes", %{server: server, a: a, b: b} do
    recordings = for _ <- 1..3, do: save(a, [])
    sees(b, Enum.map(recordings, & &1.id))
    assert Storage.clear(b) == :ok
    sees(a, [])
    eventually(fn -> S3Server.recordings(server) == [] end)
  end

  for {how, filters} <- [index: [id: "erase-"], search: [contains: "user-4711"]] do
    test "delete_where by #{how} erases on all nodes, and says which have confirmed", context do
      %{server: server, a: a, b: b} = context

      erased =
        for n <- 1..3,
            do: save(a, id: "erase-#{n}", url: "http://localhost/?u=user-4711", events: 9)

      kept = save(a, id: "kept")
      sees(b, ["kept" | Enum.map(erased, & &1.id)])
      assert {:ok, _} = Storage.get("erase-1", b)
      uploaded(a)

      assert {:ok, %{count: 3, ids: ids, not_searched: [], nodes: nodes}} =
               Native.delete_where(unquote(filters), [], b)

      assert Enum.sort(ids) == ~w(erase-1 erase-2 erase-3)
      assert %{confirmed: [_, _] = confirmed, waiting: []} = nodes
      assert [<<"a-", _::binary>>, <<"b-", _::binary>>] = Enum.sort(confirmed)
      # They have: nothing is waited for here.
      assert ids(a) == ["kept"]
      assert [object] = S3Server.recordings(server)
      assert object =~ ~r/\A\d{13}-\d+-kept/
      eventually(fn -> S3Server.objects_with(server, "user-4711") == [] end)

      for opts <- [a, b],
          needle <- ["user-4711" | ids],
          do: assert(files_with(opts, needle) == [])

      assert Storage.get("kept", a) == {:ok, kept}
    end
  end

  test "an erasure by filter reaches sessions that another node is recording", %{a: a, b: b} do
    {:ok, active} = InFlight.start(Session.recording("user-1"), 100, a)
    :ok = append(active, 1)

    assert {:ok, %{nodes: %{confirmed: [_, _], waiting: []}}} =
             Native.delete_where([id: "user-1"], [], b)

    assert append(active, 2) == {:error, :ended}
    assert ids(a) == []
  end

  test "a running session is uploaded in parts, of which an erasure leaves none", context do
    %{server: server, b: b} = context
    a = S3Server.node(server, "a", checkpoint_ms: 50)

    parts = fn ->
      Path.wildcard(server.folder <> "/replays/.native/running/**/user-1/*", match_dot: true)
    end

    {:ok, active} = InFlight.start(Session.recording("user-1"), 100, a)

    for n <- 1..3 do
      :ok = append(active, n)
      eventually(fn -> length(parts.()) == n end)
    end

    assert {:ok, %{nodes: %{confirmed: [_, _], waiting: []}}} =
             Native.delete_where([id: "user-1"], [], b)

    assert parts.() == []
    assert ids(a) == []
  end

  defp append(active, n) do
    with {:ok, _base} <- InFlight.append(active, Session.event("user-1", n), nil), do: :ok
  end

  test "limits are kept in the bucket, by one node", %{server: server} do
    limited = for name <- ~w(a b), do: S3Server.node(server, name, max_recordings: 2)
    [a, b] = limited
    recordings = for at <- 1..5, do: save(a, connected_at: at)
    newest = for %{id: id} <- Enum.take(recordings, -2), do: id
    for opts <- limited, do: sees(opts, newest)
    eventually(fn -> length(S3Server.recordings(server)) == 2 end)
    assert Enum.count(limited, &stats(&1).remote.retaining) <= 1
    assert {:ok, _} = Storage.get(hd(newest), b)
  end

  test "a directory that was there before is uploaded", context do
    path = tmp_dir()
    recordings = for _ <- 1..3, do: save([path: path], [])
    :ok = Native.close(path: path)
    later = S3Server.node(context.server, "later", path: path)
    :ok = Storage.init(later)
    sees(context.b, Enum.map(recordings, & &1.id))
    uploaded(later)
    assert stats(later).remote.uploaded == 3
  end

  test "a copy of the bucket is a directory", %{server: server, a: a} do
    recordings = for _ <- 1..3, do: save(a, [])
    uploaded(a)
    copy = tmp_dir()
    File.mkdir_p!(copy)

    for path <- Path.wildcard(server.folder <> "/replays/*/*/*/*"),
        name = Path.basename(path),
        Path.extname(name) == ".gz",
        do: File.cp!(path, Path.join(copy, name |> String.split("-", parts: 3) |> List.last()))

    assert Enum.sort(Storage.list(path: copy)) == Enum.sort(recordings)
  end

  test "other options than those in force are said in the log", %{server: server, a: a} do
    :ok = Storage.init(a)

    other = fn opts ->
      ExUnit.CaptureLog.capture_log(fn -> {:ok, _} = Native.stats(Keyword.merge(a, opts)) end)
    end

    assert other.(remote: "s3://bucket/elsewhere") =~ "other options: :remote as given"
    assert other.(remote: nil) =~ "other options: :remote as given"
    assert other.(remote_poll_ms: 21, checkpoint_ms: 5) =~ ":remote_poll_ms, :checkpoint_ms as"
    assert other.(local_max_bytes: 5) =~ "other options: :local_max_bytes as given"
    %{remote_opts: changed} = Map.new(S3Server.node(server, "other"))
    assert other.(remote_opts: changed) =~ "other options: :remote_opts as given"
  end

  test "who may speak to the bucket, the environment of the VM may say", %{server: server, b: b} do
    {[{"AWS_ACCESS_KEY_ID", id}, {"AWS_SECRET_ACCESS_KEY", key}] = keys, unnamed} =
      S3Server.node_without_keys(server, "unnamed", drain_timeout_ms: 100)

    # All other tests have keys in their options, which count more.
    on_exit(fn -> for {name, _value} <- keys, do: System.delete_env(name) end)
    System.put_env([{"AWS_ACCESS_KEY_ID", "another"}, {"AWS_SECRET_ACCESS_KEY", key}])
    recording = save(unnamed, [])
    eventually(fn -> match?({:denied, _ms}, stats(unnamed).remote.away) end)
    :ok = Native.close(unnamed)

    System.put_env("AWS_ACCESS_KEY_ID", id)
    uploaded(unnamed)
    sees(b, [recording.id])

    # It is read when a directory is opened, and a change of it is none of the directory.
    System.put_env("AWS_ACCESS_KEY_ID", "another")
    assert ExUnit.CaptureLog.capture_log(fn -> stats(unnamed) end) == ""
    uploaded(unnamed)
  end

  test "a directory with a bucket stays open", %{a: a} do
    opts = a ++ [idle_timeout_ms: 1]
    recording = save(opts, [])
    uploaded(opts)
    assert is_integer(stats(opts).remote.uploaded)
    Process.sleep(50)
    PhoenixReplay.Native.Nif.directories_release()
    assert List.keymember?(PhoenixReplay.Native.Nif.directories_open(), opts[:path], 1)
    assert Storage.get(recording.id, opts) == {:ok, recording}
  end

  # Another VM, which records twenty sessions.
  @recording """
  opts = System.argv() |> hd() |> Base.decode64!() |> :erlang.binary_to_term()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  PhoenixReplay.Native.Test.Session.start_many("child", 20, 5)
  """

  @stopping @recording <>
              """
              System.stop()
              Process.sleep(:infinity)
              """

  defp encoded(opts), do: opts |> :erlang.term_to_binary() |> Base.encode64()

  @tag timeout: 120_000
  test "a VM without a common disk records, stops, and has left all in the bucket", context do
    %{server: server, b: b} = context
    opts = S3Server.node(server, "child")
    output = ChildVM.run!(@stopping, [encoded(opts)])
    refute output =~ "not in the bucket"
    # Its disk goes with it.
    File.rm_rf!(opts[:path])
    sees(b, for(n <- 1..20, do: "child-#{n}"))
    # What was there of those that ended later goes by whoever sees it.
    eventually(fn -> length(S3Server.recordings(server)) == 20 end)

    for recording <- Storage.list(b), do: assert(Session.check!(recording) == 5)
  end

  @tag timeout: 120_000
  test "a VM that stops without the bucket says what is left, and the next one uploads it",
       context do
    %{server: server, b: b} = context
    opts = S3Server.node(server, "child", drain_timeout_ms: 1_500)
    S3Server.order(server, "refuse")
    output = ChildVM.run!(@stopping, [encoded(opts)])
    assert output =~ "20 recordings in #{opts[:path]} are not in the bucket yet"
    S3Server.order(server, "clear")
    uploaded(opts)
    sees(b, for(n <- 1..20, do: "child-#{n}"))
  end

  @tag timeout: 120_000
  test "an erasure reaches what another VM is recording", %{server: server, a: a} do
    opts = S3Server.node(server, "child")

    code =
      @recording <>
        """
        IO.puts("recording")
        gone = fn -> length(PhoenixReplay.Storage.Native.list_summaries(opts)) == 9 end
        PhoenixReplay.Native.Test.Eventually.eventually(gone)
        IO.puts("nine are left")
        # Until the test ends.
        IO.gets("")
        """

    port = ChildVM.start(code, [encoded(opts)])
    ChildVM.await_line(port, "recording")
    :ok = Storage.init(a)

    # And child-10 to child-19.
    assert {:ok, %{nodes: %{confirmed: [_, _], waiting: []}}} =
             Native.delete_where([id: "child-1"], [], a)

    ChildVM.await_line(port, "nine are left")
  end
end
