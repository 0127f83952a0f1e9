defmodule PhoenixReplay.Native.NativePathTest do
  @moduledoc false
  # Sessions in flight and the index in another directory than the recordings.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.Native

  # Records, and is gone without a chance to save.
  @child """
  [path, native_path] = System.argv()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  opts = [path: path, native_path: native_path]
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  PhoenixReplay.Native.Test.Session.start_many("cut", 3, 20)
  IO.puts("recorded")
  :erlang.halt(0, flush: true)
  """

  test "what a killed node left there is recovered by the next with the same" do
    [path, native_path] = [tmp_dir(), tmp_dir()]
    assert ChildVM.run!(@child, [path, native_path]) =~ "recorded"
    assert [slab] = Path.wildcard(Path.join(native_path, "*/slab-0"))
    assert Path.wildcard(Path.join(path, ".native/slab-*"), match_dot: true) == []

    # The recordings may be a link's, and both paths anything.
    link = tmp_dir()
    File.ln_s!(path, link)
    opts = [path: link, native_path: to_charlist(native_path)]
    :ok = Native.init(opts)
    drained(opts)
    recordings = Native.list(opts)
    assert length(recordings) == 3
    for recording <- recordings, do: assert(Session.check!(recording) == 20)
    assert length(PhoenixReplay.Storage.File.list(path: path)) == 3
    assert Path.wildcard(Path.join(slab, "*.seg")) |> length() <= 1
  end
end
