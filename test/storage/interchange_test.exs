defmodule PhoenixReplay.Storage.InterchangeTest do
  @moduledoc false
  # One directory, two backends: the pure-Elixir one of the host, and ours.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Storage.{File, Native}

  setup_all do
    define_fixture_atoms()
  end

  for kind <- ["etf", "json", "legacy"] do
    test "every #{kind} fixture is read as the host reads it, whatever format is configured" do
      for {path, expected} <- fixtures(unquote(kind)), format <- [:etf, :json] do
        opts = [path: tmp_dir(), format: format]
        install_fixture(path, opts[:path])
        id = expected["id"]

        # The host reads it only where its own format is configured.
        host = Keyword.put(opts, :format, format(path))
        assert {:ok, theirs} = File.get(id, host)
        assert Native.get(id, opts) == {:ok, theirs}
        assert Native.list(opts) == [theirs]
        assert Native.list_summaries(opts) == File.list_summaries(host)

        assert [%{event_count: count, duration_ms: duration}] = Native.list_summaries(opts)
        assert {count, duration} == {expected["event_count"], expected["duration_ms"]}
      end
    end

    test "every #{kind} fixture, saved by us, is read by the host as we wrote it" do
      for {path, expected} <- fixtures(unquote(kind)), format <- [:etf, :json] do
        from = tmp_dir()
        install_fixture(path, from)
        {:ok, recording} = Native.get(expected["id"], path: from)

        # What the host makes of its own file of this recording.
        host = [path: tmp_dir(), format: format]
        :ok = File.init(host)
        :ok = File.save(recording, host)

        ours = [path: tmp_dir(), format: format]
        :ok = Native.save(recording, ours)

        assert File.get(recording.id, ours) == File.get(recording.id, host)
        assert File.list(ours) == File.list(host)
        assert Native.list(host) == File.list(host)
        assert Native.list_summaries(ours) == File.list_summaries(host)
      end
    end
  end

  test "a file that holds a struct is read as the host reads it, and hides no other" do
    opts = [path: tmp_dir()]
    Elixir.File.mkdir_p!(opts[:path])
    plain = recording()
    :ok = Native.save(plain, opts)

    for {module, id} <- [{PhoenixReplay.Recording, "own"}, {URI, "other"}, {:no_module, "none"}] do
      term = recording() |> Map.merge(%{id: id, __struct__: module}) |> :erlang.term_to_binary()
      Elixir.File.write!(Path.join(opts[:path], id <> ".etf"), term)
      assert {:ok, %PhoenixReplay.Recording{id: ^id} = recording} = File.get(id, opts)
      assert Native.get(id, opts) == {:ok, recording}
      assert PhoenixReplay.Native.get(id, [unknown_atoms: :strings], opts) == {:ok, recording}
    end

    assert opts |> Native.list() |> length() == 4
    change = &{:ok, %{&1 | url: "http://localhost/changed"}}
    assert {:ok, %{rewritten: 4}} = PhoenixReplay.Native.rewrite([], change, [], opts)
    assert {:ok, %{url: "http://localhost/changed"}} = File.get("other", opts)
  end

  test "what was saved with zstd is handed back by saving it with gzip" do
    for {path, expected} <- fixtures("etf"), format <- [:etf, :json] do
      directory = tmp_dir()
      install_fixture(path, directory)
      host = [path: directory, format: format]
      {:ok, recording} = File.get(expected["id"], path: directory)

      zstd = link(directory) ++ [format: format, compression: :zstd]
      :ok = Native.save(recording, zstd)
      assert Path.wildcard(directory <> "/*") == ["#{directory}/#{recording.id}.#{format}.zst"]
      assert [summary] = Native.list_summaries(zstd)
      assert {:ok, ours} = Native.get(recording.id, host)
      assert Native.get(recording.id, zstd) == {:ok, ours}
      assert File.list(host) == []

      :ok = Native.save(ours, host)
      assert Path.wildcard(directory <> "/*") == ["#{directory}/#{recording.id}.#{format}.gz"]
      assert File.get(recording.id, host) == {:ok, ours}
      assert Native.list_summaries(zstd) == [summary]
    end
  end

  defp format(path), do: if(path =~ ".json", do: :json, else: :etf)

  # The directory by another name: one that is open keeps its compression.
  defp link(directory) do
    link = directory <> "-zstd"
    :ok = Elixir.File.ln_s(directory, link)

    on_exit(fn ->
      :ok = PhoenixReplay.Native.close(path: link)
      Elixir.File.rm!(link)
    end)

    [path: link]
  end

  test "the host reads every term that we write" do
    opts = [path: tmp_dir()]

    for _ <- 1..200 do
      term = PhoenixReplay.Native.Test.Terms.term(12)
      recording = %{recording() | events: [{1, :assigns, %{delta: %{term: term}}}]}
      :ok = Native.save(recording, opts)
      assert File.get(recording.id, opts) == {:ok, recording}
      assert Native.get(recording.id, opts) == {:ok, recording}
    end
  end

  test "changes by the host show up by themselves" do
    opts = [path: tmp_dir()]
    :ok = Native.init(opts)
    [a, b, c] = for at <- 1..3, do: recording(connected_at: at)

    :ok = File.save(a, opts)
    assert Native.list(opts) == [a]
    :ok = Native.save(b, opts)
    :ok = File.save(c, opts)
    assert Native.list_summaries(opts) == Enum.map([c, b, a], &summary/1)
    assert Native.get(c.id, opts) == {:ok, c}

    :ok = File.delete(a.id, opts)
    assert Native.list(opts) == [c, b]
    :ok = File.save(%{b | events: events(20)}, opts)
    assert {:ok, %{events: [_ | _] = events}} = Native.get(b.id, opts)
    assert length(events) == 20
    assert [_, %{event_count: 20}] = Native.list_summaries(opts)

    :ok = File.clear(opts)
    assert Native.list(opts) == []
    :ok = Native.save(a, opts)
    assert File.list(opts) == [a]
  end

  test "an id with slashes is found where the host puts it" do
    opts = [path: tmp_dir()]
    recording = recording(id: "tenant/42/session")
    :ok = File.init(opts)
    :ok = File.save(recording, opts)
    assert Native.get("tenant/42/session", opts) == {:ok, recording}
    assert Native.get("other/session", opts) == :error
    assert Native.delete("tenant/42/session", opts) == :ok
    assert File.list(opts) == []
  end

  test "what JSON holds of a struct, an atom, a tuple is the same from both" do
    payload = %{
      assigns: %{
        at: ~U[2026-11-23 01:02:03Z],
        module: Enum,
        flags: {true, nil, :on, 1.5, -3, 12_345_678_901_234_567_890},
        nested: %{"a" => [%{b: %{}}, []], 1 => "one"},
        text: "quote \" slash / back \\ newline \n bell \a ü 日本 😀 \u2028"
      }
    }

    recording = %{recording() | events: [{0, :mount, payload}]}
    [ours, theirs] = for _ <- 1..2, do: [path: tmp_dir(), format: :json]
    :ok = Native.save(recording, ours)
    :ok = File.init(theirs)
    :ok = File.save(recording, theirs)

    assert {:ok, expected} = File.get(recording.id, theirs)
    assert File.get(recording.id, ours) == {:ok, expected}
    assert Native.get(recording.id, theirs) == {:ok, expected}
    assert Native.get(recording.id, ours) == {:ok, expected}
  end
end
