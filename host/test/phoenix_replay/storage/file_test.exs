defmodule PhoenixReplay.Storage.FileTest do
  use PhoenixReplay.Case, async: true

  alias PhoenixReplay.Storage.File, as: Backend
  alias PhoenixReplay.Storage.Serializer

  setup do
    %{path: tmp_dir()}
  end

  for format <- [:etf, :json] do
    describe "as #{format}" do
      setup %{path: path} do
        %{opts: [path: path, format: unquote(format)]}
      end

      test "a recording is one gzipped file", %{path: path, opts: opts} do
        assert Backend.save(recording("abc"), opts) == :ok
        assert File.ls!(path) == ["abc.#{unquote(format)}.gz"]

        assert <<0x1F, 0x8B, _::binary>> =
                 File.read!(Path.join(path, "abc.#{unquote(format)}.gz"))

        assert {:ok, %Recording{id: "abc", view: PhoenixReplay.Case.Live}} =
                 Backend.get("abc", opts)
      end

      test "saving again replaces", %{opts: opts} do
        :ok = Backend.save(recording("abc"), opts)
        :ok = Backend.save(recording("abc", url: "http://localhost/other"), opts)
        assert {:ok, %{url: "http://localhost/other"}} = Backend.get("abc", opts)
        assert [_only_one] = Backend.list(opts)
      end

      test "recordings and summaries are listed newest first", %{opts: opts} do
        for {id, at} <- [{"b", 2}, {"c", 3}, {"a", 1}] do
          :ok = Backend.save(recording(id, connected_at: at), opts)
        end

        assert Enum.map(Backend.list(opts), & &1.id) == ["c", "b", "a"]

        assert [%{id: "c"}, %{id: "b"}, last] = Backend.list_summaries(opts)

        assert last == %{
                 id: "a",
                 view: PhoenixReplay.Case.Live,
                 url: "http://localhost/tasks",
                 connected_at: 1,
                 event_count: 2,
                 duration_ms: 12,
                 active?: false
               }
      end

      test "a recording without events lasts no time", %{opts: opts} do
        :ok = Backend.save(recording("a", events: []), opts)
        assert [%{event_count: 0, duration_ms: 0}] = Backend.list_summaries(opts)
      end

      test "hostile ids stay in the directory", %{path: path, opts: opts} do
        inner = Keyword.put(opts, :path, Path.join(path, "inner"))
        :ok = Backend.init(inner)

        for id <- ["../escaped", "/tmp/escaped", "..", "", "a/../../b", <<0xFF, 0xFE>>, "sp ace"] do
          assert Backend.get(id, inner) == :error
          Backend.save(recording(id), inner)
          assert File.ls!(path) == ["inner"]
          assert Backend.delete(id, inner) == :ok
          assert File.ls!(Path.join(path, "inner")) == []
        end
      end

      test "ids that no file can be named after are errors", %{path: path, opts: opts} do
        for id <- ["nul\0byte", String.duplicate("x", 10_000)] do
          assert {:error, _reason} = Backend.save(recording(id), opts)
          assert Backend.get(id, opts) == :error
          assert Backend.delete(id, opts) == :ok
        end

        assert File.ls!(path) == []
      end
    end
  end

  test "init makes the directory, and says why it cannot", %{path: path} do
    deep = Path.join(path, "a/b/c")
    assert Backend.init(path: deep) == :ok
    assert File.dir?(deep)

    File.write!(Path.join(path, "file"), "")
    assert {:error, reason} = Backend.init(path: Path.join(path, "file/inside"))
    assert reason in [:enotdir, :eexist]
  end

  test "the format is ETF unless told otherwise", %{path: path} do
    :ok = Backend.save(recording("a"), path: path)
    assert File.ls!(path) == ["a.etf.gz"]
  end

  test "saving into a directory that is gone is an error", %{path: path} do
    assert Backend.save(recording("a"), path: Path.join(path, "gone")) == {:error, :enoent}
    assert Backend.list(path: Path.join(path, "gone")) == []
    assert Backend.clear(path: Path.join(path, "gone")) == :ok
  end

  test "a recording that JSON cannot hold is an error and leaves no file", %{path: path} do
    recording = recording("a", events: [{0, :assigns, %{delta: %{pid: self()}}}])
    assert {:error, _reason} = Backend.save(recording, path: path, format: :json)
    assert File.ls!(path) == []
  end

  test "each form of an older release is read", %{path: path} do
    for format <- [:etf, :json], packed <- [true, false] do
      id = "#{format}-#{packed}"
      {:ok, data} = Serializer.encode(recording(id), format)
      data = if packed, do: :zlib.gzip(data), else: data
      File.write!(Path.join(path, "#{id}.#{format}"), data)

      for configured <- [:etf, :json] do
        assert {:ok, %{id: ^id}} = Backend.get(id, path: path, format: configured)
      end
    end

    assert length(Backend.list(path: path)) == 4
  end

  test "the configured format is looked for first, then the other", %{path: path} do
    :ok = Backend.save(recording("a", url: "etf"), path: path, format: :etf)
    assert {:ok, %{url: "etf"}} = Backend.get("a", path: path, format: :json)

    :ok = Backend.save(recording("a", url: "json"), path: path, format: :json)
    assert {:ok, %{url: "json"}} = Backend.get("a", path: path, format: :json)
    assert {:ok, %{url: "etf"}} = Backend.get("a", path: path, format: :etf)
  end

  test "damaged and foreign files are passed by", %{path: path} do
    :ok = Backend.save(recording("good"), path: path)
    File.write!(Path.join(path, "torn.etf.gz"), <<0x1F, 0x8B, 8, 0>>)
    File.write!(Path.join(path, "empty.json"), "")
    File.write!(Path.join(path, "notes.txt"), "hello")
    File.mkdir_p!(Path.join(path, "folder.etf"))

    assert Backend.get("torn", path: path) == :error
    assert Enum.map(Backend.list(path: path), & &1.id) == ["good"]
    assert Enum.map(Backend.list_summaries(path: path), & &1.id) == ["good"]
  end

  test "delete removes every form, and forgives that there is none", %{path: path} do
    for extension <- ~w(etf.gz json.gz etf json) do
      File.write!(Path.join(path, "a.#{extension}"), "")
    end

    :ok = Backend.save(recording("b"), path: path)
    assert Backend.delete("a", path: path) == :ok
    assert File.ls!(path) == ["b.etf.gz"]
    assert Backend.delete("a", path: path) == :ok
  end

  test "delete reports what it could not remove", %{path: path} do
    File.mkdir_p!(Path.join(path, "a.etf.gz"))
    assert {:error, reason} = Backend.delete("a", path: path)
    assert reason in [:eperm, :eisdir]
  end

  test "clear removes the recordings and nothing else", %{path: path} do
    for extension <- ~w(etf.gz json.gz etf json) do
      File.write!(Path.join(path, "a.#{extension}"), "")
    end

    File.write!(Path.join(path, "notes.txt"), "hello")
    File.mkdir_p!(Path.join(path, ".native"))
    File.write!(Path.join(path, ".native/a.etf.gz"), "")

    assert Backend.clear(path: path) == :ok
    assert Enum.sort(File.ls!(path)) == [".native", "notes.txt"]
    assert File.ls!(Path.join(path, ".native")) == ["a.etf.gz"]
  end
end
