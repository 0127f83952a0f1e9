defmodule PhoenixReplay.Native.Test.S3Server do
  @moduledoc false
  # A real server of S3's protocol (native/s3), which serves a folder on a port of loopback and ends
  # with whoever started it. In front of it a proxy that makes trouble on request.

  use GenServer

  import ExUnit.Callbacks, only: [on_exit: 1, start_supervised!: 1]

  alias PhoenixReplay.Native.Test.Recordings

  @root Path.expand("../..", __DIR__)
  @binary "replay-s3-server"
  @key "an-access-key-id"
  @secret "a-secret-access-key"

  @doc "Whether the native library speaks to buckets at all: its threads for that have names."
  def wanted? do
    library = Application.app_dir(:phoenix_replay_native, "priv/native/phoenix_replay_native.so")
    library |> File.read!() |> String.contains?("replay-poll")
  end

  @doc "Starts one with an empty bucket for a test."
  def start do
    folder = Recordings.tmp_dir()
    File.mkdir_p!(folder)
    on_exit(fn -> File.rm_rf!(folder) end)
    pid = start_supervised!({__MODULE__, folder})

    %{
      pid: pid,
      folder: Path.join(folder, "bucket"),
      endpoint: "http://127.0.0.1:#{GenServer.call(pid, :port)}"
    }
  end

  @doc """
  From now on each connection is refused (`"refuse"`), each request answered so (`"answer 503
  SlowDown"`), or all is well again (`"clear"`); native/s3 has more.
  """
  def order(server, order) do
    "ok" = GenServer.call(server.pid, {:order, order})
    :ok
  end

  @doc "Storage options of a node with a directory of its own; `opts` are more of them."
  def node(server, name, opts \\ []) do
    {remote_opts, opts} = Keyword.pop(opts, :remote_opts, [])

    remote_opts =
      Keyword.merge(
        [endpoint: server.endpoint, access_key_id: @key, secret_access_key: @secret] ++
          [node: name, timeout_ms: 5_000],
        remote_opts
      )

    Keyword.merge(
      [path: Recordings.tmp_dir(), remote: "s3://bucket/replays", remote_opts: remote_opts] ++
        [remote_poll_ms: 20],
      opts
    )
  end

  @doc "The names of the objects in the bucket that are recordings."
  def recordings(server) do
    for path <- Path.wildcard(server.folder <> "/replays/*/*/*/*"),
        Path.extname(path) not in [".rows", ".gone"],
        do: Path.basename(path)
  end

  @doc "The objects that have these bytes in their key or content."
  def objects_with(server, bytes) do
    for path <- Path.wildcard(server.folder <> "/**", match_dot: true),
        File.regular?(path),
        String.contains?(path, bytes) or :binary.match(File.read!(path), bytes) != :nomatch,
        do: path
  end

  @doc "What nobody may come to see."
  def secret, do: @secret

  def start_link(folder), do: GenServer.start_link(__MODULE__, folder)

  @impl true
  def init(folder) do
    args = [folder, @key, @secret, "bucket"]
    program = Port.open({:spawn_executable, binary()}, [:binary, line: 100, args: args])
    "port " <> port = receive(do: ({^program, {:data, {:eol, line}}} -> line))
    {:ok, %{program: program, port: port}}
  end

  @impl true
  def handle_call(:port, _from, state), do: {:reply, state.port, state}

  def handle_call({:order, order}, _from, %{program: program} = state) do
    Port.command(program, [order, ?\n])
    {:reply, receive(do: ({^program, {:data, {:eol, line}}} -> line)), state}
  end

  # Cargo says where it has put it: settings of the user's can move it.
  defp binary do
    with nil <- :persistent_term.get(__MODULE__, nil) do
      {output, 0} =
        System.cmd(
          "cargo",
          ~w(build --quiet --locked --package replay-s3 --message-format=json-render-diagnostics),
          cd: @root
        )

      [[_, path] | _] = Regex.scan(~r/"executable":"([^"]*#{@binary})"/, output)
      :persistent_term.put(__MODULE__, path)
      path
    end
  end
end
