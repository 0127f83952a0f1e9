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

  test "init makes the directory, and raises when it cannot", %{path: path} do
    deep = Path.join(path, "a/b/c")
    assert Backend.init(path: deep) == :ok
    assert File.dir?(deep)

    File.write!(Path.join(path, "file"), "")
    assert_raise File.Error, fn -> Backend.init(path: Path.join(path, "file/inside")) end
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

      assert {:ok, %{id: ^id}} = Backend.get(id, path: path, format: format)
    end

    for format <- [:etf, :json] do
      assert length(Backend.list(path: path, format: format)) == 2
    end
  end

  test "only the configured format is read, listed and deleted", %{path: path} do
    [etf, json] = for format <- [:etf, :json], do: [path: path, format: format]
    :ok = Backend.save(recording("a"), etf)
    assert Backend.get("a", json) == :error
    assert Backend.list(json) == []
    assert Backend.list_summaries(json) == []
    assert Backend.delete("a", json) == :ok
    assert {:ok, %{id: "a"}} = Backend.get("a", etf)
  end

  test "the current name is looked for first, and one with both is listed twice", %{path: path} do
    {:ok, data} = Serializer.encode(recording("a", url: "legacy"), :etf)
    File.write!(Path.join(path, "a.etf"), data)
    assert {:ok, %{url: "legacy"}} = Backend.get("a", path: path)
    :ok = Backend.save(recording("a", url: "current"), path: path)
    assert {:ok, %{url: "current"}} = Backend.get("a", path: path)
    assert [%{url: "current"}, %{url: "current"}] = Backend.list(path: path)
  end

  test "foreign files are passed by, and so is what does not decode", %{path: path} do
    :ok = Backend.save(recording("good"), path: path)
    File.write!(Path.join(path, "notes.txt"), "hello")
    File.write!(Path.join(path, "empty.etf"), "")
    File.write!(Path.join(path, "packed.etf.gz"), :zlib.gzip("not a term"))
    File.mkdir_p!(Path.join(path, "folder.etf"))

    assert Enum.map(Backend.list(path: path), & &1.id) == ["good"]
    assert Enum.map(Backend.list_summaries(path: path), & &1.id) == ["good"]
  end

  test "a damaged gzip and what is no recording raise, and hide everything", %{path: path} do
    :ok = Backend.save(recording("good"), path: path)
    content = File.read!(Path.join(path, "good.etf.gz"))

    for bad <- ["", "text", binary_part(content, 0, 40), :zlib.gzip(:erlang.term_to_binary([]))] do
      File.write!(Path.join(path, "bad.etf.gz"), bad)
      assert catch_error(Backend.get("bad", path: path))
      assert catch_error(Backend.list(path: path))
      assert catch_error(Backend.list_summaries(path: path))
      assert {:ok, %{id: "good"}} = Backend.get("good", path: path)
    end
  end

  test "delete removes both names of the format, and is always well", %{path: path} do
    for extension <- ~w(etf.gz json.gz etf json) do
      File.write!(Path.join(path, "a.#{extension}"), "")
    end

    assert Backend.delete("a", path: path) == :ok
    assert Enum.sort(File.ls!(path)) == ["a.json", "a.json.gz"]
    assert Backend.delete("a", path: path) == :ok

    File.mkdir_p!(Path.join(path, "b.etf.gz"))
    assert Backend.delete("b", path: path) == :ok
  end

  test "clear removes every file, and no directory", %{path: path} do
    for name <- ~w(a.etf.gz a.json notes.txt), do: File.write!(Path.join(path, name), "")
    File.mkdir_p!(Path.join(path, ".native"))
    File.write!(Path.join(path, ".native/a.etf.gz"), "")

    assert Backend.clear(path: path) == :ok
    assert File.ls!(path) == [".native"]
    assert File.ls!(Path.join(path, ".native")) == ["a.etf.gz"]
  end

  test "a format that does not exist is an exception", %{path: path} do
    assert_raise FunctionClauseError, fn ->
      Backend.save(recording("a"), path: path, format: :x)
    end
  end
end
