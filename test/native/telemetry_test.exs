defmodule PhoenixReplay.Native.TelemetryTest do
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Native.{Shutdown, Store, Telemetry}
  alias PhoenixReplay.Storage.Native

  doctest Telemetry

  setup do
    path = tmp_dir()
    opts = [path: path, max_recording_bytes: 100_000]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    :telemetry.attach_many(path, Telemetry.events(), &__MODULE__.pass_on/4, {self(), path})

    on_exit(fn ->
      :telemetry.detach(path)
      Application.delete_env(:phoenix_replay, :storage)
      Application.delete_env(:phoenix_replay, :storage_opts)
    end)

    %{opts: opts, path: path}
  end

  def pass_on([:phoenix_replay, :native, event], measurements, metadata, {pid, path}) do
    if metadata.path == path, do: send(pid, {event, measurements, Map.delete(metadata, :path)})
  end

  # The events of a session with these, which has ended and is saved or dropped.
  defp recorded(id, events, opts) do
    {pid, ref} =
      spawn_monitor(fn ->
        :ok = Store.start_recording(id, Session.recording(id))
        for event <- events, do: :ok = Store.append_event(id, event)
      end)

    receive do: ({:DOWN, ^ref, _, ^pid, _} -> :ok)
    drained(opts)
  end

  test "a recording that is saved, by a process or by itself, is told", %{opts: opts} do
    recording = recording(events: 6)
    :ok = Native.save(recording, opts)
    assert_receive {:saved, measurements, %{id: id, recovered?: false}}
    assert id == recording.id
    assert %{event_count: 6, duration_us: us, bytes: bytes, file_bytes: file_bytes} = measurements
    assert us > 0 and bytes > file_bytes
    assert File.stat!(Path.join(opts[:path], id <> ".etf.gz")).size == file_bytes

    recorded("native", [Session.event("native", 1)], opts)
    assert_receive {:saved, %{event_count: 2}, %{id: "native", recovered?: false}}
  end

  test "one that nobody did anything in is told as dropped", %{opts: opts} do
    recorded("idle", [{1, :info, %{}}], opts)
    assert_receive {:dropped, %{count: 1}, %{id: "idle"}}
    refute_received {:saved, _, _}
  end

  test "a save that fails is told to telemetry and to the caller", %{opts: opts} do
    big = recording(params: %{"big" => String.duplicate("x", 100_000)})
    assert Native.save(big, opts) == {:error, :too_large}
    assert_received {:failed, %{attempt: 1}, metadata}
    assert metadata == %{id: big.id, reason: :too_large, retry?: false}
  end

  test "a background save that fails is told with each attempt", %{opts: opts, path: path} do
    # A directory has the name of the file.
    File.mkdir_p!(Path.join(path, "stuck.etf.gz"))
    pid = spawn(fn -> recorded("stuck", [Session.event("stuck", 1)], opts) end)
    assert_receive {:failed, %{attempt: 1}, %{id: "stuck", retry?: true} = metadata}
    assert %{reason: :eisdir, detail: detail} = metadata
    assert detail =~ "cannot put in place #{path}/stuck.etf.gz: Is a directory"
    assert_receive {:failed, %{attempt: 2}, %{id: "stuck", retry?: true}}
    File.rmdir!(Path.join(path, "stuck.etf.gz"))
    assert_receive {:saved, %{event_count: 2}, %{id: "stuck"}}
    Process.exit(pid, :kill)
  end

  test "files of recordings in flight that somebody removes are told", %{opts: opts, path: path} do
    on_exit(fn -> File.rm_rf!(path <> "-gone") end)
    pids = Session.start_many("moved", 3, 2)

    log =
      capture_log(fn ->
        File.rename!(Path.join(path, ".native"), path <> "-gone")
        assert_receive {:moved, %{count: count, gone: 0}, metadata}
        assert count in 1..3 and metadata == %{}
        assert {:ok, %{moved: moved, gone: 0}} = PhoenixReplay.Native.stats(opts)
        assert moved >= count
      end)

    assert log =~
             ~r/\[warning\] PhoenixReplay: the files of \d recordings in flight in #{path} were/

    Enum.each(pids, &Session.stop/1)
    drained(opts)
    assert length(Native.list(opts)) == 3
  end

  test "a shutdown is told", %{opts: opts} do
    :ok = Native.init(opts)
    Shutdown.run()
    assert_received {:drained, %{saved: 0, left: 0, duration_us: us}, metadata}
    assert us >= 0 and metadata == %{}
  end

  test "while no code of telemetry is loaded nothing happens" do
    code = """
    [path] = System.argv()
    alias PhoenixReplay.Storage.Native
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    # Where the host depends on it, it is.
    :code.delete(:telemetry)
    recording = PhoenixReplay.Native.Test.Recordings.recording()
    :ok = Native.save(recording, path: path)
    {:error, _} = Native.save(%{recording | events: :none}, path: path)
    IO.puts("loaded: \#{:erlang.module_loaded(:telemetry)}")
    """

    assert ChildVM.run!(code, [tmp_dir()]) =~ "loaded: false"
  end
end
