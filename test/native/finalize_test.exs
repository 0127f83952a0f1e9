defmodule PhoenixReplay.Native.FinalizeTest do
  @moduledoc false
  # Who ends a recording waits until it is saved, but not for a disk that does not take it.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.InFlight
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :capture_log

  test "who waits for what can't be saved is told so in the end, and it is saved when it can be" do
    opts = [path: tmp_dir()]
    # A directory has the name of the file.
    in_the_way = Path.join(opts[:path], "stuck.etf.gz")
    File.mkdir_p!(in_the_way)
    {:ok, handle} = InFlight.start(Session.recording("stuck"), 10_000, opts)
    for n <- 1..3, do: :ok = InFlight.append(handle, Session.event("stuck", n), nil)

    assert InFlight.finalize(handle, "stuck", opts) == {:error, :etimedout}
    assert InFlight.append(handle, Session.event("stuck", 4), nil) == {:error, :ended}

    File.rmdir!(in_the_way)
    drained(opts)
    assert {:ok, recording} = Storage.get("stuck", opts)
    assert Session.check!(recording) == 3
  end
end
