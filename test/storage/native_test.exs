defmodule PhoenixReplay.Storage.NativeTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Storage.Native

  for format <- [:etf, :json] do
    describe "in #{format}" do
      setup do
        %{opts: [path: tmp_dir(), format: unquote(format)]}
      end

      test "a saved recording is read back, listed and summarized", %{opts: opts} do
        recording = recording(events: 0)
        assert Native.save(recording, opts) == :ok
        assert Native.get(recording.id, opts) == {:ok, recording}
        assert Native.list(opts) == [recording]
        assert Native.list_summaries(opts) == [summary(recording)]
      end

      test "recordings are listed newest first, ties by id", %{opts: opts} do
        recordings = for at <- [5, 3, 9, 3], do: recording(connected_at: at, events: 0)
        for recording <- recordings, do: :ok = Native.save(recording, opts)
        expected = Enum.sort_by(recordings, &{-&1.connected_at, &1.id})
        assert Native.list(opts) == expected
        assert Native.list_summaries(opts) == Enum.map(expected, &summary/1)
      end

      test "saving an id again replaces the recording", %{opts: opts} do
        old = recording()
        new = %{old | url: "http://localhost/other", events: events(2), connected_at: 9}
        :ok = Native.save(old, opts)
        :ok = Native.save(new, opts)
        assert Native.list_summaries(opts) == [summary(new)]
        assert {:ok, %{url: "http://localhost/other"}} = Native.get(old.id, opts)
      end

      test "a deleted recording is gone, deleting an unknown one is fine", %{opts: opts} do
        [gone, kept] = for _ <- 1..2, do: recording(events: 0)
        for recording <- [gone, kept], do: :ok = Native.save(recording, opts)
        assert Native.delete(gone.id, opts) == :ok
        assert Native.delete(gone.id, opts) == :ok
        assert Native.delete("never there", opts) == :ok
        assert Native.get(gone.id, opts) == :error
        assert Native.list(opts) == [kept]
      end

      test "clear deletes recordings and nothing else", %{opts: opts} do
        for _ <- 1..3, do: :ok = Native.save(recording(), opts)
        File.write!(Path.join(opts[:path], "notes.txt"), "mine")
        assert Native.clear(opts) == :ok
        assert Native.list(opts) == []
        assert Native.list_summaries(opts) == []
        assert File.read!(Path.join(opts[:path], "notes.txt")) == "mine"
      end

      test "every id that was saved is read back", %{opts: opts} do
        for id <- [
              "",
              ".",
              "..",
              "a/b",
              "/etc/passwd",
              "~x",
              "é",
              <<0>>,
              String.duplicate("x", 10_000)
            ] do
          recording = recording(id: id, events: 0)
          assert Native.save(recording, opts) == :ok
          assert Native.get(id, opts) == {:ok, recording}
          assert Native.delete(id, opts) == :ok
          assert Native.get(id, opts) == :error
        end
      end

      test "sixteen processes saving, reading and deleting at once agree", %{opts: opts} do
        1..16
        |> Task.async_stream(
          fn n ->
            for i <- 1..10 do
              recording = recording(connected_at: n * 100 + i, events: 0)
              :ok = Native.save(recording, opts)
              {:ok, ^recording} = Native.get(recording.id, opts)
              if rem(i, 2) == 0, do: :ok = Native.delete(recording.id, opts)
              _ = Native.list_summaries(opts)
            end
          end,
          max_concurrency: 16,
          timeout: :infinity
        )
        |> Stream.run()

        assert length(Native.list(opts)) == 80
        assert length(Native.list_summaries(opts)) == 80
      end
    end
  end

  test "any term survives in ETF" do
    opts = [path: tmp_dir()]

    assigns = %{
      pid: self(),
      ref: make_ref(),
      fun: &String.length/1,
      bits: <<5::3>>,
      at: ~U[2026-11-23 00:00:00Z]
    }

    recording = recording(events: 0)
    recording = %{recording | events: [{0, :mount, %{assigns: assigns}}]}
    assert Native.save(recording, opts) == :ok
    assert Native.get(recording.id, opts) == {:ok, recording}
  end

  test "what JSON can't hold is saved as readable text" do
    opts = [path: tmp_dir(), format: :json]

    assigns = %{
      pid: self(),
      fun: &String.length/1,
      latin1: <<"caf", 0xE9>>,
      by_pair: %{{1, 2} => "x"},
      improper: [1 | 2],
      nothing: nil
    }

    recording = %{recording(events: 0) | events: [{0, :mount, %{assigns: assigns}}]}
    assert Native.save(recording, opts) == :ok
    assert {:ok, %{events: [{0, :mount, %{"assigns" => saved}}]}} = Native.get(recording.id, opts)

    assert saved["pid"] =~ "#PID<"
    assert saved["fun"] == "&String.length/1"
    assert saved["latin1"] == inspect(assigns.latin1)
    assert saved["by_pair"] == %{"{1, 2}" => "x"}
    assert saved["improper"] == [1, 2]
    assert saved["nothing"] == nil
  end

  test "both formats are read whatever is configured, and one id is one recording" do
    etf = [path: tmp_dir(), format: :etf]
    json = Keyword.put(etf, :format, :json)
    recording = recording(events: 0)
    :ok = Native.save(recording, etf)
    assert Native.get(recording.id, json) == {:ok, recording}
    :ok = Native.save(%{recording | url: nil}, json)
    assert Native.list(etf) == [%{recording | url: nil}]
    assert Native.delete(recording.id, etf) == :ok
    assert Native.list(json) == []
  end

  test "what is not a recording is refused with the field that is wrong" do
    opts = [path: tmp_dir()]
    assert Native.save(%{id: "x"}, opts) == {:error, {:invalid_recording, :struct}}

    for {field, value} <- [id: nil, connected_at: "now", events: [{1, 2}], events: :none] do
      assert Native.save(struct(recording(), [{field, value}]), opts) ==
               {:error, {:invalid_recording, field}}
    end

    assert Native.list(opts) == []
  end

  test "a recording beyond the cap is refused, and nothing is left of it" do
    opts = [path: tmp_dir(), max_recording_bytes: 10_000]
    big = recording(url: String.duplicate("x", 10_000))
    assert Native.save(big, opts) == {:error, :too_large}
    assert Native.list(opts) == []
  end

  test "files and directories are readable by their owner only" do
    parent = tmp_dir()
    path = Path.join(parent, "made/by/us")
    recording = recording()
    :ok = Native.save(recording, path: path)
    assert mode(path) == 0o700
    # Those around it are as any program makes them.
    File.mkdir!(Path.join(parent, "usual"))

    for made <- [parent, Path.join(parent, "made"), Path.join(parent, "made/by")],
        do: assert(mode(made) == mode(Path.join(parent, "usual")))

    assert mode(Path.join(path, ".native")) == 0o700
    assert mode(Path.join(path, recording.id <> ".etf.gz")) == 0o600
  end

  test "init creates the directory, and says why it can't" do
    path = tmp_dir()
    assert Native.init(path: path) == :ok
    assert File.dir?(path)
    File.write!(Path.join(path, "file"), "")
    file = Path.join(path, "file")
    log = capture_log(fn -> assert Native.init(path: file) == {:error, :enotdir} end)

    assert log =~
             "can't open the directory #{file}: cannot create the directory #{file}: not a directory"

    below =
      capture_log(fn -> assert Native.init(path: file <> "/below") == {:error, :enotdir} end)

    assert below =~ "can't open the directory #{file}/below: cannot create the directory"
  end

  test "a directory that was removed is made again by the next save" do
    opts = [path: tmp_dir()]
    :ok = Native.save(recording(), opts)
    File.rm_rf!(opts[:path])
    assert Native.list_summaries(opts) == []
    recording = recording()
    assert Native.save(recording, opts) == :ok
    assert Native.list(opts) == [recording]
  end

  test "options that can't be are errors, and no callback raises" do
    opts = [path: tmp_dir(), fromat: :json]
    {:error, {:unknown_options, _, known}} = PhoenixReplay.Native.Options.new(x: 1)
    reason = {:unknown_options, [:fromat], known}
    assert Native.init(opts) == {:error, reason}
    assert Native.save(recording(), opts) == {:error, reason}
    assert Native.delete("id", opts) == {:error, reason}

    log =
      capture_log(fn ->
        assert Native.get("id", opts) == :error
        assert Native.list(opts) == []
        assert Native.list_summaries(opts) == []
      end)

    assert log =~ "unknown storage options [:fromat]"
  end

  defp mode(path), do: Bitwise.band(File.stat!(path).mode, 0o777)
end
