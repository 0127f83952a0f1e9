defmodule PhoenixReplay.Native.ShutdownTest do
  @moduledoc false
  # A thousand live sessions, and then the system goes down in one of the ways
  # it does. Afterwards all thousand are on the disk.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{ChildVM, S3Server, Session, Shop}

  @sessions 1000
  @events 20

  for recorder <- ["PhoenixReplay.Native.Store", "PhoenixReplay.Store"],
      how <- ["system_stop", "sigterm", "application_stop"] do
    @tag timeout: 120_000
    test "#{how}, recorded by #{recorder}: all #{@sessions} are saved" do
      path = tmp_dir()
      output = go_down(path, unquote(recorder), unquote(how))
      assert output =~ "recorded"
      # Some may have been saved before the library was told to stop.
      assert drained(path) =~ ~r/\A[1-9]\d* saved, 0 left\z/
      assert_all_saved(path)
    end
  end

  @tag timeout: 120_000
  test "the library alone is stopped under live sessions: all #{@sessions} are saved" do
    path = tmp_dir()
    go_down(path, "PhoenixReplay.Native.Store", "library_stop")
    assert drained(path) == "#{@sessions} saved, 0 left"
    assert_all_saved(path)
  end

  # One directory, whose bucket is away, is opened before the one in which sessions are running.
  @two_directories """
  [away, opts] =
    for arg <- System.argv(), do: arg |> Base.decode64!() |> :erlang.binary_to_term()

  alias PhoenixReplay.Native.Test.{Recordings, Session}
  alias PhoenixReplay.Storage.Native, as: Storage
  :ok = Storage.save(Recordings.recording(), away)
  Application.put_env(:phoenix_replay, :storage, Storage)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  Session.start_many("child", 100, 5)
  Application.stop(:phoenix_replay_native)
  System.halt(0)
  """

  @tag :remote
  @tag timeout: 120_000
  test "a bucket that is away takes no time from the sessions of another directory" do
    server = S3Server.start()
    away = S3Server.node(%{endpoint: "http://127.0.0.1:1"}, "away")
    opts = S3Server.node(server, "child", drain_timeout_ms: 8_000)
    args = for opts <- [away, opts], do: opts |> :erlang.term_to_binary() |> Base.encode64()
    output = ChildVM.run!(@two_directories, args)
    assert output =~ "1 recording in #{away[:path]} is not in the bucket yet"
    assert output =~ "100 recordings saved at shutdown in #{opts[:path]}"
    refute output =~ "in #{opts[:path]} are not in the bucket yet"
    assert_all_saved(opts[:path], 100, 5)
    assert length(S3Server.recordings(server)) == 100
  end

  defp go_down(path, recorder, how) do
    code = "#{inspect(Shop)}.main(System.argv())"
    ChildVM.run!(code, [path, recorder, how, "#{@sessions}", "#{@events}"])
  end

  defp drained(path) do
    on_exit(fn -> File.rm(path <> ".drained") end)
    File.read!(path <> ".drained")
  end

  # Read by the other backend, so that nothing is recovered on the way.
  defp assert_all_saved(path, sessions \\ @sessions, events \\ @events) do
    recordings = PhoenixReplay.Storage.File.list(path: path)
    assert length(recordings) == sessions
    for recording <- recordings, do: assert(Session.check!(recording) == events)
  end
end
