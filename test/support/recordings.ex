defmodule PhoenixReplay.Native.Test.Recordings do
  @moduledoc false
  # Recordings for tests, and the directories they live in.

  alias PhoenixReplay.Recording

  @doc "An empty directory, removed when the test is over."
  def tmp_dir do
    name = "phoenix_replay_native-#{System.pid()}-#{System.unique_integer([:positive])}"
    path = Path.join(System.tmp_dir!(), name)

    # An engine that has something in flight makes again what is removed of its
    # directory. The server of a bucket may be gone by now, and is not waited for.
    ExUnit.Callbacks.on_exit(fn ->
      PhoenixReplay.Native.close(path: path, drain_timeout_ms: 1_000)
      remove(path)
    end)

    path
  end

  # Again where something was made meanwhile: what a test leaves in flight keeps its engine open.
  defp remove(path) do
    with {:error, reason, _file} when reason in [:eexist, :enotempty] <- File.rm_rf(path),
         do: remove(path)
  end

  @doc "The native storage as an application configures it, in an empty directory, for one test."
  def configured do
    opts = [path: tmp_dir()]
    Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    ExUnit.Callbacks.on_exit(fn ->
      for key <- [:storage, :storage_opts], do: Application.delete_env(:phoenix_replay, key)
    end)

    %{opts: opts}
  end

  @doc "An id like those of the host's recorder."
  def id, do: Base.url_encode64(:crypto.strong_rand_bytes(16), padding: false)

  @doc "A recording with `:events` events of a form being filled in."
  def recording(overrides \\ []) do
    {count, overrides} = Keyword.pop(overrides, :events, 6)

    struct(
      %Recording{
        id: id(),
        view: PhoenixReplay.Native.Test.FormLive,
        url: "http://localhost:4000/form",
        params: %{"page" => "1"},
        session: %{"locale" => "en"},
        connected_at: 1_795_000_000_000,
        events: events(count)
      },
      overrides
    )
  end

  @doc "The events of such a session."
  def events(0), do: []

  def events(count) do
    mount = {0, :mount, %{assigns: %{live_action: :index, user: %{id: 7, name: "Ada"}}}}

    [mount] ++
      for i <- 1..(count - 1)//1 do
        if rem(i, 2) == 1 do
          {i * 10, :event, %{name: "validate", params: %{"title" => "task #{i}"}}}
        else
          {i * 10, :assigns, %{delta: %{count: i, form: %{title: "task #{i}", valid?: true}}}}
        end
      end
  end

  @doc "The summary the contract wants of a recording."
  def summary(%Recording{events: events} = recording) do
    recording
    |> Map.take([:id, :view, :url, :connected_at])
    |> Map.merge(%{
      event_count: length(events),
      duration_ms: events |> List.last({0, nil, nil}) |> elem(0),
      active?: false
    })
  end

  @doc """
  Waits until no more than `running` recordings are in flight, and all others are saved. A process
  that is seen to be gone need not have ended its recording yet: the VM tells those who monitor it
  one after the other, and the library is not the first.
  """
  def drained(opts, running \\ 0) do
    {:ok, stats} = PhoenixReplay.Native.stats(opts)

    if stats.running > running do
      Process.sleep(1)
      drained(opts, running)
    else
      drain = fn directory, _format -> PhoenixReplay.Native.Nif.store_drain(directory, 30_000) end
      0 = PhoenixReplay.Native.Directories.run(opts, drain)
      :ok
    end
  end

  @doc "The files of the directory, hidden ones too, that mention it."
  def files_with(opts, needle) do
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true),
        File.regular?(path),
        String.contains?(path, needle) or :binary.match(File.read!(path), needle) != :nomatch,
        do: path
  end

  @fixtures Path.expand("../fixtures/phoenix_replay-0.2.0", __DIR__)

  @doc "The fixtures of a kind (`etf`, `json`, `legacy`): path and expected summary."
  def fixtures(kind) do
    manifest = File.read!(Path.join(@fixtures, "manifest.json"))
    {:ok, entries} = manifest_entries(manifest)

    for %{"file" => file} = entry <- entries, Path.dirname(file) == kind do
      {Path.join(@fixtures, file), entry}
    end
  end

  # The manifest is JSON, and neither Elixir 1.14 nor the released host brings
  # a parser that could be relied on: the list is flat enough for the engine's
  # own reader, as the payload of an event.
  defp manifest_entries(manifest) do
    path = Path.join(System.tmp_dir!(), "phoenix_replay_native-manifest-#{id()}")

    json =
      ~s({"id":"m","view":"V","url":null,"params":{},"session":{},"connected_at":0,) <>
        ~s("events":[{"offset":0,"type":"info","payload":#{manifest}}]})

    File.mkdir_p!(path)
    File.write!(Path.join(path, "m.json"), json)
    {:ok, recording} = PhoenixReplay.Storage.Native.get("m", path: path)
    File.rm_rf!(path)
    [{0, :info, entries}] = recording.events
    {:ok, entries}
  end

  @doc """
  Makes the atoms that the fixtures use. They exist in no code here, which is
  the point of other tests, and those run in a VM of their own.
  """
  def define_fixture_atoms do
    for kind <- ["etf", "legacy"], {path, _} <- fixtures(kind), Path.extname(path) != ".json" do
      content = File.read!(path)

      content =
        if match?(<<31, 139, _::binary>>, content), do: :zlib.gunzip(content), else: content

      :erlang.binary_to_term(content)
    end

    :ok
  end

  @doc "Copies a fixture into a directory."
  def install_fixture(path, directory) do
    File.mkdir_p!(directory)
    File.cp!(path, Path.join(directory, Path.basename(path)))
  end
end
