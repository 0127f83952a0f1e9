defmodule PhoenixReplay.Native.DiskFullTest do
  @moduledoc false
  # A file system of a few megabytes, full.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  setup do
    mount = tmp_dir()
    File.mkdir_p!(mount)
    # Mounting takes root, which is what continuous integration runs as.
    {output, status} =
      System.cmd("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount],
        stderr_to_stdout: true
      )

    assert status == 0, "this test mounts a tmpfs and must run as root: #{output}"
    on_exit(fn -> System.cmd("umount", ["-l", mount]) end)

    opts = [path: Path.join(mount, "recordings")]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    on_exit(fn ->
      Application.delete_env(:phoenix_replay, :storage)
      Application.delete_env(:phoenix_replay, :storage_opts)
    end)

    %{opts: opts, ballast: Path.join(mount, "ballast")}
  end

  # Random bytes: they stay as large when compressed.
  defp event(n), do: {n, :event, %{name: "e#{n}", params: %{bytes: bytes(n)}}}

  defp bytes(n),
    do: :crypto.hash(:sha256, "#{n}") |> List.duplicate(2000) |> IO.iodata_to_binary()

  defp fill(ballast) do
    {:ok, file} = File.open(ballast, [:write, :raw])
    fill_up(file)
    File.close(file)
  end

  defp fill_up(file) do
    case :file.write(file, :crypto.strong_rand_bytes(4096)) do
      :ok -> fill_up(file)
      {:error, :enospc} -> :ok
    end
  end

  defp append_until_full(id, n) do
    case Store.append_event(id, event(n)) do
      :ok -> append_until_full(id, n + 1)
      {:error, :enospc} -> n - 1
    end
  end

  test "appends answer enospc and keep what they had; with space again, all is saved", context do
    %{opts: opts, ballast: ballast} = context
    parent = self()

    pid =
      spawn(fn ->
        :ok = Store.start_recording("full", Session.recording("full"))
        send(parent, {:kept, append_until_full("full", 1)})
        receive do: (:go_on -> :ok)
        send(parent, {:appended, Store.append_event("full", {99_999, :info, %{}})})
        receive do: (:stop -> :ok)
      end)

    kept = receive do: ({:kept, kept} -> kept)
    assert kept > 20
    assert {:ok, %{events: events}} = Store.get_active("full")
    assert length(events) == kept + 1

    # The disk is full of slab, so the session's file can't be written either,
    # until somebody makes room.
    fill(ballast)
    send(pid, :go_on)
    appended = receive do: ({:appended, result} -> result)
    assert appended in [:ok, {:error, :enospc}]
    ref = Process.monitor(pid)
    send(pid, :stop)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)

    {:ok, {directory, _}} = PhoenixReplay.Native.Directories.fetch(opts)
    assert PhoenixReplay.Native.Nif.store_drain(directory, 500) == 1
    assert {:ok, recording} = Native.get("full", opts)
    assert recording.events |> Enum.drop(1) |> Enum.take(kept) == Enum.map(1..kept, &event/1)

    File.rm!(ballast)
    drained(opts)
    assert {:ok, ^recording} = Native.get("full", opts)
    assert PhoenixReplay.Storage.File.get("full", opts) == {:ok, recording}
  end

  test "a save that does not fit is an error, and fits later", %{opts: opts, ballast: ballast} do
    :ok = Native.init(opts)
    kept = recording()
    :ok = Native.save(kept, opts)
    fill(ballast)

    events =
      for n <- 1..200,
          do: {n, :event, %{name: "e", params: %{b: :crypto.strong_rand_bytes(8000)}}}

    big = %{recording() | events: events}
    assert Native.save(big, opts) == {:error, :enospc}
    assert Native.list(opts) == [kept]
    File.rm!(ballast)
    assert Native.save(big, opts) == :ok
    assert Native.get(big.id, opts) == {:ok, big}
  end
end
