defmodule PhoenixReplay.Native.ShutdownTest do
  @moduledoc false
  # A thousand live sessions, and then the system goes down in one of the ways
  # it does. Afterwards all thousand are on the disk.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{ChildVM, Session, Shop}

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

  defp go_down(path, recorder, how) do
    code = "#{inspect(Shop)}.main(System.argv())"
    ChildVM.run!(code, [path, recorder, how, "#{@sessions}", "#{@events}"])
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
