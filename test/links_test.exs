defmodule PhoenixReplay.Native.LinksTest do
  @moduledoc false
  # A symbolic link in the directory that is named like a recording is read like one, as the
  # pure-Elixir backend does. Whatever is changed is the link: what it leads to stays as it was.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Storage.Native, as: Storage

  # A recording that is saved in one directory, and linked to from another one.
  setup do
    [elsewhere, here] = for _ <- 1..2, do: [path: tmp_dir()]
    recording = recording(url: "http://localhost/linked")
    :ok = Storage.save(recording, elsewhere)
    :ok = Native.close(elsewhere)
    File.mkdir_p!(here[:path])
    target = file(elsewhere, recording)
    File.ln_s!(target, file(here, recording))
    content = File.read!(target)
    # Nothing of it has changed, and it is no link itself.
    unchanged = fn ->
      File.read!(target) == content and File.ls!(elsewhere[:path]) -- [".native"]
    end

    names = [Path.basename(target)]
    %{opts: here, recording: recording, target: target, unchanged: unchanged, names: names}
  end

  test "it is read, listed, found and checked", context do
    %{opts: opts, recording: %{id: id} = recording} = context
    assert Storage.get(id, opts) == {:ok, recording}
    assert [%{id: ^id}] = Storage.list_summaries(opts)
    assert {:ok, %{total: 1}} = Native.query([contains: "linked"], [], opts)
    assert {:ok, %{checked: 1, damaged: []}} = Native.verify([], opts)
    assert context.unchanged.() == context.names
  end

  test "what is saved takes the place of the link", context do
    %{opts: opts, recording: recording} = context
    changed = %{recording | url: "http://localhost/changed"}
    assert Storage.save(changed, opts) == :ok
    assert Storage.get(recording.id, opts) == {:ok, changed}
    assert File.lstat!(file(opts, recording)).type == :regular
    assert context.unchanged.() == context.names
  end

  test "what is saved in another format takes the place of the link, too", context do
    %{opts: opts, recording: recording} = context
    assert Storage.save(recording, opts ++ [format: :json]) == :ok
    assert File.lstat(file(opts, recording)) == {:error, :enoent}
    assert context.unchanged.() == context.names
  end

  test "what is rewritten takes the place of the link", context do
    %{opts: opts, recording: recording} = context
    mask = &{:ok, %{&1 | url: "http://localhost/masked"}}
    assert {:ok, %{rewritten: 1, failed: []}} = Native.rewrite([], mask, [], opts)
    assert {:ok, %{url: "http://localhost/masked"}} = Storage.get(recording.id, opts)
    assert File.lstat!(file(opts, recording)).type == :regular
    assert context.unchanged.() == context.names
  end

  for {name, delete} <- [
        delete: quote(do: &Storage.delete(&2, &1)),
        clear: quote(do: fn opts, _ -> Storage.clear(opts) end),
        delete_where:
          quote(
            do: fn opts, id ->
              with {:ok, _} <- Native.delete_where([id: id], [], opts), do: :ok
            end
          )
      ] do
    test "#{name} removes the link", context do
      %{opts: opts, recording: recording} = context
      assert unquote(delete).(opts, recording.id) == :ok
      assert Storage.get(recording.id, opts) == :error
      assert File.lstat(file(opts, recording)) == {:error, :enoent}
      assert context.unchanged.() == context.names
    end
  end

  test "what is evicted is the link", context do
    %{opts: opts, recording: recording} = context
    opts = opts ++ [max_recordings: 1]
    assert Storage.save(recording(connected_at: recording.connected_at + 1), opts) == :ok
    assert eventually(fn -> File.lstat(file(opts, recording)) == {:error, :enoent} end)
    assert context.unchanged.() == context.names
  end

  test "what is damaged is repaired by moving the link away", context do
    %{opts: opts, recording: recording, target: target} = context
    File.write!(target, "no recording")
    long_ago = System.os_time(:second) - 86_400
    File.touch!(target, long_ago)

    capture_log(fn ->
      assert {:ok, %{damaged: [%{file: file}]}} = Native.verify([], opts)
      assert {:ok, %{quarantined: [%{file: ^file}]}} = Native.repair([], opts)
    end)

    assert File.lstat(file(opts, recording)) == {:error, :enoent}
    [moved] = Path.wildcard(opts[:path] <> "/.native/quarantine/*")
    assert File.lstat!(moved).type == :symlink
    assert File.read!(target) == "no recording"
  end

  test "directories in .native/ that are links are nobody's that died", context do
    %{opts: opts} = context
    outside = tmp_dir()
    File.mkdir_p!(outside)
    for name <- ["tmp-1", "lock", "0.seg"], do: File.write!(Path.join(outside, name), "mine")
    File.mkdir_p!(Path.join(opts[:path], ".native"))
    links = for name <- ["tmp-7", "slab-7"], do: Path.join([opts[:path], ".native", name])
    for link <- links, do: File.ln_s!(outside, link)
    assert Storage.init(opts) == :ok
    drained(opts)
    assert Storage.clear(opts) == :ok
    assert Native.close(opts) == :ok

    for name <- ["tmp-1", "lock", "0.seg"],
        do: assert(File.read!(Path.join(outside, name)) == "mine")

    for link <- links, do: assert(File.lstat!(link).type == :symlink)
  end

  defp file(opts, recording), do: Path.join(opts[:path], recording.id <> ".etf.gz")

  defp eventually(fun), do: fun.() or (Process.sleep(5) == :ok and eventually(fun))
end
