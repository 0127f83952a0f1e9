defmodule PhoenixReplay.Native.DurabilityTest do
  @moduledoc false
  # What `durability: :relaxed` gives up is the disk's, and not the kernel's: the end
  # of the VM, at any moment, loses nothing that was acknowledged.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.Native

  # Saves in several processes, lets sessions end, and says what has been saved.
  @child """
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native
  [path] = System.argv()
  opts = [path: path, durability: :relaxed]
  Application.put_env(:phoenix_replay, :storage, Native)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  :ok = Native.init(opts)
  {:ok, %{durability: :relaxed}} = PhoenixReplay.Native.stats(opts)

  for pid <- Session.start_many("ended", 5, 3), do: Session.stop(pid)
  {:ok, {directory, _}} = PhoenixReplay.Native.Directories.fetch(opts)
  0 = PhoenixReplay.Native.Nif.store_drain(directory, 60_000)
  :ok = :file.write(:standard_io, "ended\\n")

  for writer <- 1..4 do
    spawn_link(fn ->
      for n <- Stream.iterate(1, & &1 + 1) do
        id = "saved-\#{writer}-\#{n}"
        recording = Session.recording(id)
        :ok = Native.save(%{recording | events: recording.events ++ [Session.event(id, 1)]}, opts)
        :ok = :file.write(:standard_io, "ack \#{id}\\n")
      end
    end)
  end

  Process.sleep(:infinity)
  """

  test "what was acknowledged survives kill -9, and nothing is left half done" do
    path = tmp_dir()
    port = ChildVM.start(@child, [path], [:stderr_to_stdout])
    ChildVM.await_line(port, "ended")
    saved = for _ <- 1..40, do: await_ack(port)
    ChildVM.kill(port)
    ChildVM.await_exit(port)

    for id <- for(n <- 1..5, do: "ended-#{n}") ++ saved do
      assert {:ok, recording} = PhoenixReplay.Storage.File.get(id, path: path)
      assert Session.check!(recording) >= 1
    end

    assert :ok = Native.init(path: path)
    assert {:ok, %{damaged: []}} = PhoenixReplay.Native.verify([], path: path)
    assert {:ok, %{durability: :synced, recovered: 0}} = PhoenixReplay.Native.stats(path: path)
    assert [] == Path.wildcard(Path.join(path, ".native/tmp-*/tmp-*"))
  end

  test "what is left of a file that a power cut emptied is damage, said once" do
    opts = [path: tmp_dir(), durability: :relaxed]
    [kept, lost] = for _ <- 1..2, do: recording()
    for recording <- [kept, lost], do: :ok = Native.save(recording, opts)
    :ok = PhoenixReplay.Native.close(opts)
    name = lost.id <> ".etf.gz"
    File.write!(Path.join(opts[:path], name), "")
    # Long enough ago not to be one that is just being written.
    File.touch!(Path.join(opts[:path], name), System.os_time(:second) - 60)

    log = ExUnit.CaptureLog.capture_log(fn -> assert listed(opts) == [kept.id] end)
    assert log =~ name
    log = ExUnit.CaptureLog.capture_log(fn -> assert Native.get(lost.id, opts) == :error end)
    refute log =~ name
    assert PhoenixReplay.Native.get(lost.id, [], opts) == {:error, {:damaged, name}}

    assert {:ok, %{checked: 2, damaged: [%{file: ^name}]}} = PhoenixReplay.Native.verify([], opts)

    assert {:ok, %{quarantined: [%{file: ^name}]}} = PhoenixReplay.Native.repair([], opts)
    assert Native.get(kept.id, opts) == {:ok, kept}
    assert :ok = Native.save(lost, opts)
    assert Native.get(lost.id, opts) == {:ok, lost}
  end

  defp listed(opts), do: for(summary <- Native.list_summaries(opts), do: summary.id)

  defp await_ack(port) do
    receive do
      {^port, {:data, {:eol, "ack " <> id}}} ->
        id

      # The log may say where the recordings are, and nothing worse.
      {^port, {:data, {_, line}}} ->
        if line =~ "[error]", do: flunk("the child VM says #{line}")
        await_ack(port)

      {^port, {:exit_status, status}} ->
        flunk("the child VM ended with #{status}")
    after
      60_000 -> flunk("the child VM saves nothing")
    end
  end
end
