defmodule PhoenixReplay.Native.StatsTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.{Directories, Nif, Store}
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  setup do
    configured()
  end

  test "what is there is counted, whoever put it there", %{opts: opts} do
    assert {:ok, empty} = PhoenixReplay.Native.stats()
    assert %{recordings: 0, bytes: 0, oldest_at: nil, newest_at: nil, running: 0} = empty
    assert empty.save_us == %{p50: 0, p90: 0, p99: 0, max: 0}

    for at <- [20, 10, 30], do: :ok = Native.save(recording(connected_at: at), opts)
    :ok = PhoenixReplay.Storage.File.save(recording(connected_at: 5), opts)
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "bad")
    pid = hd(Session.start_many("running", 1, 3))

    assert {:ok, stats} = PhoenixReplay.Native.stats(opts)
    assert %{recordings: 4, oldest_at: 5, newest_at: 30, damaged: 1} = stats
    assert %{running: 1, waiting: 0, queue_length: 0, saved: 3, failed: 0} = stats
    assert stats.slab_used_bytes > 0 and stats.slab_total_bytes >= stats.slab_used_bytes
    sizes = for file <- Path.wildcard(opts[:path] <> "/*.etf.gz"), do: File.stat!(file).size
    assert stats.bytes == Enum.sum(sizes) - byte_size("bad")
    Session.stop(pid)
    drained(opts)
  end

  test "what happens is counted: saved, dropped, failed, tried again", %{opts: opts} do
    [pid] = Session.start_many("kept", 1, 2)
    Session.stop(pid)
    idle = fn -> Store.start_recording("idle", Session.recording("idle")) end
    :ok = idle |> Task.async() |> Task.await(:infinity)
    drained(opts)
    :ok = Native.save(recording(), opts)
    {:error, _} = Native.save(recording(id: nil), opts)
    assert {:ok, stats} = PhoenixReplay.Native.stats()
    assert %{saved: 2, dropped: 1, failed: 1, retried: 0, running: 0} = stats
    %{p50: p50, p90: p90, p99: p99, max: max} = stats.save_us
    assert 0 < p50 and p50 <= p90 and p90 <= p99 and p99 <= max

    File.mkdir_p!(Path.join(opts[:path], "stuck-1.etf.gz"))
    [pid] = Session.start_many("stuck", 1, 2)
    Session.stop(pid)
    {:ok, {directory, _}} = Directories.fetch(opts)
    assert Nif.store_drain(directory, 20) == 1
    assert {:ok, stats} = PhoenixReplay.Native.stats()
    assert %{saved: 2, running: 0, waiting: 1, queue_length: 1} = stats
    assert stats.failed >= 2 and stats.retried == stats.failed - 1
    File.rmdir!(Path.join(opts[:path], "stuck-1.etf.gz"))
    drained(opts)
    assert {:ok, %{saved: 3, waiting: 0, slab_used_bytes: 0}} = PhoenixReplay.Native.stats()
  end

  test "a directory that can't be opened is an error" do
    path = Path.join(tmp_dir(), "file")
    File.mkdir_p!(Path.dirname(path))
    File.write!(path, "")
    assert PhoenixReplay.Native.stats(path: path) == {:error, :enotdir}
    assert {:error, {:unknown_options, [:pth], _}} = PhoenixReplay.Native.stats(pth: path)
  end
end
