defmodule PhoenixReplay.Native.RemoteWaitingTest do
  @moduledoc false
  # Whoever waits for a bucket, or for other nodes, is in nobody's way. All threads of the VM that
  # wait are taken meanwhile, so no other test runs.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.S3Server
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote
  @moduletag timeout: 120_000

  # As many as wait for a bucket and for other nodes at a time.
  @waiting 16

  setup do
    server = S3Server.start()
    a = S3Server.node(server, "a")
    recordings = for n <- 1..3, do: recording(id: "there-#{n}")
    for recording <- recordings, do: :ok = Storage.save(recording, a)
    eventually(fn -> length(S3Server.recordings(server)) == 3 end)
    %{server: server, a: a, recordings: recordings}
  end

  # A node to which all of them are elsewhere.
  defp other(server, opts) do
    opts = S3Server.node(server, "b", opts)
    :ok = Storage.init(opts)

    eventually(fn ->
      {:ok, %{remote: remote}} = Native.stats(opts)
      remote.complete and remote.elsewhere == 3
    end)

    opts
  end

  # Calls that say when they have ended.
  defp begin(count, call) do
    parent = self()

    for n <- 1..count do
      Task.async(fn ->
        result = call.(n)
        send(parent, :ended)
        result
      end)
    end
  end

  # How many requests have come. It forgets them.
  defp count(server), do: String.to_integer(GenServer.call(server.pid, {:order, "count"}))

  for what <- [:search, :rewrite] do
    test "#{what}: a stalled bucket keeps nobody from saving", %{server: server, a: a} do
      # Nobody else asks it for anything.
      b = other(server, remote_poll_ms: 60_000, remote_opts: [timeout_ms: 30_000])
      :ok = Native.close(a)
      S3Server.order(server, "stall-receiving 10")
      count(server)
      schedulers = :erlang.system_info(:dirty_io_schedulers)
      calls = begin(2 * schedulers, fn _ -> wait_for_bucket(unquote(what), b) end)
      seen = :counters.new(1, [])

      eventually(fn ->
        :counters.add(seen, 1, count(server))
        :counters.get(seen, 1) >= schedulers
      end)

      for opts <- [b, [path: tmp_dir()]], do: assert(Storage.save(recording(), opts) == :ok)
      if unquote(what) == :search, do: assert(Storage.get("nobody", b) == :error)
      refute_received :ended

      # Each connection is cut.
      for order <- ["refuse", "clear"], do: S3Server.order(server, order)
      for result <- Task.await_many(calls, :infinity), do: assert({:ok, _} = result)
    end
  end

  defp wait_for_bucket(:search, opts), do: Native.query([contains: "needle"], [], opts)

  defp wait_for_bucket(:rewrite, opts),
    do: Native.rewrite([id: "there-1"], fn _ -> :keep end, [], opts)

  test "what is elsewhere is changed, and had again by all", %{server: server, a: a} do
    b = other(server, [])
    url = "http://localhost/changed"
    change = &{:ok, %{&1 | url: url}}
    assert {:ok, %{rewritten: 3, failed: []}} = Native.rewrite([id: "there-"], change, [], b)
    eventually(fn -> Enum.all?(Storage.list(a), &(&1.url == url)) end)
  end

  test "erasures that wait for a node keep nobody from reading", context do
    %{server: server, recordings: [recording | _]} = context
    b = other(server, drain_timeout_ms: 60_000)
    native = server.folder <> "/replays/.native/"
    # It was there just now.
    absent = "absent-0000000000000001"
    File.write!(native <> "nodes/" <> absent, "")
    erasures = begin(@waiting, &Native.delete_where([id: "erased-#{&1}"], [], b))
    notes = fn -> Path.wildcard(server.folder <> "/replays/*/*/*/*.gone") end
    eventually(fn -> length(notes.()) == @waiting end)

    assert Storage.get(recording.id, b) == {:ok, recording}
    refute_received :ended

    # It is back, and has carried them out.
    for note <- notes.() do
      [_ms, tag] = note |> Path.basename(".gone") |> String.split("-")
      File.mkdir_p!(native <> "confirmed/" <> tag)
      File.write!(native <> "confirmed/" <> tag <> "/" <> absent, "")
    end

    for erased <- Task.await_many(erasures, :infinity) do
      assert {:ok, %{nodes: nodes}} = erased
      assert absent in nodes.confirmed
      assert nodes.waiting == []
    end
  end
end
