defmodule PhoenixReplay.Native.ReadOnlyTest do
  @moduledoc false
  # A directory on a disk that can't be written: what is in it is served.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Storage.Native

  setup do
    %{opts: [path: written] = opts} = configured()
    mount = tmp_dir()
    File.mkdir_p!(mount)
    on_exit(fn -> System.cmd("umount", ["-l", mount], stderr_to_stdout: true) end)
    %{written: written, opts: opts, mount: mount}
  end

  # Mounting takes root, which is what continuous integration runs as.
  defp mount!(arguments) do
    {output, status} = System.cmd("mount", arguments, stderr_to_stdout: true)
    assert status == 0, "this test mounts a directory and must run as root: #{output}"
  end

  defp read_only(written, mount) do
    mount!(["--bind", written, mount])
    mount!(["-o", "remount,ro,bind", mount])
    Application.put_env(:phoenix_replay, :storage_opts, path: mount)
    [path: mount]
  end

  test "everything that can be read is served, and what would write says why not", context do
    %{written: written, mount: mount} = context
    recordings = for at <- 1..3, do: recording(connected_at: at)
    for recording <- recordings, do: :ok = Native.save(recording, context.opts)
    File.write!(Path.join(written, "torn.etf.gz"), "")
    # There is a slab as well.
    [session] = Session.start_many("elsewhere", 1, 2)
    opts = read_only(written, mount)
    newest = Enum.reverse(recordings)
    summaries = Enum.map(newest, &summary/1)

    log =
      capture_log(fn ->
        assert Native.init(opts) == :ok
        assert Native.list_summaries(opts) == summaries
        assert Native.list(opts) == newest
      end)

    assert log =~ "torn.etf.gz"
    for recording <- recordings, do: assert(Native.get(recording.id, opts) == {:ok, recording})

    assert {:ok, %{recordings: ^summaries, total: 3}} = PhoenixReplay.Native.query([], [], opts)
    assert {:ok, %{views: [{_view, 3}]}} = PhoenixReplay.Native.facets([], [], opts)
    assert {:ok, %{recordings: 3, damaged: 1}} = PhoenixReplay.Native.stats(opts)
    assert {:ok, %{checked: 4, damaged: [_torn]}} = PhoenixReplay.Native.verify([], opts)

    log =
      capture_log(fn ->
        assert Native.save(recording(), opts) == {:error, :erofs}
        assert Native.delete(hd(recordings).id, opts) == {:error, :erofs}
        assert Native.clear(opts) == {:error, :erofs}
        assert PhoenixReplay.Native.delete_where([min_events: 1], [], opts) == {:error, :erofs}
      end)

    assert log =~ "can't save a recording: cannot make a directory in #{mount}/.native"
    assert log =~ "can't erase recordings: cannot make a directory in #{mount}/.native"
    assert log =~ "can't delete a recording: cannot remove a recording in #{mount}"

    assert capture_log(fn ->
             assert Store.start_recording("new", Session.recording("new")) == :error
           end) =~ "read-only file system"

    assert Native.list_summaries(opts) == summaries
    Session.stop(session)
  end

  test "what others write there appears", %{written: written, mount: mount} = context do
    :ok = Native.save(recording(id: "first"), context.opts)
    opts = read_only(written, mount)
    assert [%{id: "first"}] = Native.list_summaries(opts)
    :ok = Native.save(recording(id: "second", connected_at: 0), context.opts)
    assert [%{id: "first"}, %{id: "second"}] = Native.list_summaries(opts)
    :ok = Native.delete("first", context.opts)
    assert [%{id: "second"}] = Native.list_summaries(opts)
  end
end
