defmodule PhoenixReplay.Native.RemoteTasksTest do
  @moduledoc false
  # What is done from a command line where nearly all is in the bucket, by a process that has just
  # opened the directory.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO
  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Release
  alias PhoenixReplay.Native.Test.S3Server
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote
  @moduletag :capture_log

  setup do
    server = S3Server.start()
    a = S3Server.node(server, "a")
    recordings = for n <- 1..20, do: recording(id: "r-#{n}", url: "http://localhost/#{n}")
    for recording <- recordings, do: :ok = Storage.save(recording, a)
    eventually(fn -> match?({:ok, %{pending_uploads: 0}}, Native.stats(a)) end)
    configured()
    %{server: server, a: a, recordings: recordings}
  end

  # The application's directory is that of a node that has nothing yet.
  defp fresh(server, opts \\ []) do
    opts = S3Server.node(server, "b", [local_max_bytes: 0] ++ opts)
    File.mkdir_p!(opts[:path])
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    opts
  end

  # What it prints, on standard output and on standard error.
  defp printed(fun) do
    test = self()
    stderr = capture_io(:stderr, fn -> send(test, {:stdout, capture_io(fun)}) end)
    assert_received {:stdout, stdout}
    {stdout, stderr}
  end

  defp failure(fun) do
    test = self()
    error = Release.Failed
    printed(fn -> send(test, {:failed, Exception.message(assert_raise(error, fun))}) end)
    assert_received {:failed, message}
    message
  end

  test "export writes all that the bucket has", %{server: server, recordings: recordings} do
    fresh(server)
    to = tmp_dir()
    {output, _} = printed(fn -> Release.export([to]) end)
    assert output =~ "20 recordings written to #{to}\n"
    exported = Storage.list(path: to)
    assert Enum.sort(exported) == Enum.sort(recordings)
  end

  test "ls, search and what would be erased are of all that the bucket has", context do
    fresh(context.server)
    assert {output, ""} = printed(fn -> Release.ls() end)
    assert output =~ "20 recordings\n"
    fresh(context.server)
    {output, _progress} = printed(fn -> Release.search("localhost/7") end)
    assert output =~ ~r/^r-7 /m
    fresh(context.server)
    {output, _} = printed(fn -> Release.erase("--id r-1") end)
    assert output =~ "11 recordings would be erased"
    fresh(context.server)
    {output, _} = printed(fn -> Release.erase("--id r-1 --yes") end)
    assert output =~ "11 recordings erased"
    eventually(fn -> length(S3Server.recordings(context.server)) == 9 end)
  end

  test "what is about all fails without the bucket, and the rest says that it is not all",
       %{server: server} do
    S3Server.order(server, "refuse")
    opts = fresh(server, drain_timeout_ms: 300)
    kept = recording(id: "r-here")
    :ok = Storage.save(kept, opts)
    eventually(fn -> match?({:ok, %{remote: %{away: {_, _}}}}, Native.stats(opts)) end)
    to = tmp_dir()

    for fun <- [fn -> Release.export([to]) end, fn -> Release.erase("--id r-") end] do
      assert failure(fun) =~
               "not all that is in the bucket is known: the bucket can't be reached"
    end

    refute File.exists?(to)

    for fun <- [fn -> Release.ls() end, fn -> Release.search("localhost") end] do
      {output, told} = printed(fun)
      assert output =~ "r-here"
      assert told =~ "not all that is in the bucket is known: the bucket can't be reached"
    end

    # It is done here, and noted.
    assert failure(fn -> Release.erase("--id r- --yes") end) =~ "the bucket can't be reached"
    S3Server.order(server, "clear")
    Native.stats(opts)
    eventually(fn -> S3Server.recordings(server) == [] end)
  end

  test "what was known before the bucket went is exported, with a word about it", context do
    %{server: server, a: a} = context
    # It has all here.
    Application.put_env(:phoenix_replay, :storage_opts, a)
    eventually(fn -> match?({:ok, %{remote: %{complete: true}}}, Native.stats(a)) end)
    S3Server.order(server, "refuse")
    eventually(fn -> match?({:ok, %{remote: %{away: {_, _}}}}, Native.stats(a)) end)
    to = tmp_dir()
    {output, told} = printed(fn -> Release.export([to]) end)
    assert output =~ "20 recordings written"
    assert told =~ "What others put there since may be missing"
  end
end
