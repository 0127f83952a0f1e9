defmodule PhoenixReplay.Native.ShutdownTest do
  @moduledoc false
  # A thousand live sessions, and then the system goes down in one of the ways
  # it does. Afterwards all thousand are on the disk.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{ChildVM, Session}

  @sessions 1000
  @events 20

  # Sessions live in an application of their own, which depends on this
  # library as a user's does.
  @child """
  [path, recorder, how] = System.argv()
  alias PhoenixReplay.Native.Test.Session
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)

  defmodule ShopApp do
    use Application
    def start(_, _), do: Task.Supervisor.start_link(name: ShopApp.Sessions)
  end

  :ok = :application.load({:application, :shop, [
    vsn: ~c"1", modules: [ShopApp], registered: [], mod: {ShopApp, []},
    applications: [:kernel, :stdlib, :elixir, :logger, :phoenix_replay_native]
  ]})
  {:ok, _} = Application.ensure_all_started(:shop)

  # In a file, since a system that goes down need not print what it was told to.
  :telemetry.attach_many("drained", [[:phoenix_replay, :native, :drained]], fn
    _event, %{saved: saved, left: left}, _metadata, _config ->
      File.write!(path <> ".drained", "\#{saved} saved, \#{left} left")
  end, nil)

  store = Module.concat([recorder])
  parent = self()

  for n <- 1..#{@sessions} do
    id = "s\#{n}"
    Task.Supervisor.start_child(ShopApp.Sessions, fn ->
      store.start_recording(id, Session.recording(id))
      for e <- 1..#{@events}, do: store.append_event(id, Session.event(id, e))
      send(parent, :recorded)
      Process.sleep(:infinity)
    end)
  end

  for _ <- 1..#{@sessions}, do: receive(do: (:recorded -> :ok))
  IO.puts("recorded")

  case how do
    "system_stop" -> System.stop()
    "sigterm" -> System.cmd("kill", ["-TERM", System.pid()])
    "application_stop" -> Application.stop(:shop); Application.stop(:phoenix_replay_native); System.halt(0)
    "library_stop" -> Application.stop(:phoenix_replay_native); System.halt(0)
  end

  Process.sleep(:infinity)
  """

  for recorder <- ["PhoenixReplay.Native.Store", "PhoenixReplay.Store"],
      how <- ["system_stop", "sigterm", "application_stop"] do
    @tag timeout: 120_000
    test "#{how}, recorded by #{recorder}: all #{@sessions} are saved" do
      path = tmp_dir()
      output = ChildVM.run!(@child, [path, unquote(recorder), unquote(how)])
      assert output =~ "recorded"
      # Some may have been saved before the library was told to stop.
      assert drained(path) =~ ~r/\A[1-9]\d* saved, 0 left\z/
      assert_all_saved(path)
    end
  end

  @tag timeout: 120_000
  test "the library alone is stopped under live sessions: all #{@sessions} are saved" do
    path = tmp_dir()
    ChildVM.run!(@child, [path, "PhoenixReplay.Native.Store", "library_stop"])
    assert drained(path) == "#{@sessions} saved, 0 left"
    assert_all_saved(path)
  end

  defp drained(path) do
    on_exit(fn -> File.rm(path <> ".drained") end)
    File.read!(path <> ".drained")
  end

  # Read by the other backend, so that nothing is recovered on the way.
  defp assert_all_saved(path) do
    recordings = PhoenixReplay.Storage.File.list(path: path)
    assert length(recordings) == @sessions
    for recording <- recordings, do: assert(Session.check!(recording) == @events)
  end
end
