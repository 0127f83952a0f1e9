defmodule PhoenixReplay.Native.Test.S3Server do
  @moduledoc false
  # A real server of S3's protocol (native/s3), which serves a folder on a port of loopback and ends
  # with whoever started it. In front of it a proxy that makes trouble on request. It can be killed,
  # and started again where it was.

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
    folder |> then(&start_supervised!({__MODULE__, &1})) |> served(folder)
  end

  @doc "Starts one for the process that calls, with what is in this folder."
  def serve(folder) do
    {:ok, pid} = start_link(folder)
    served(pid, folder)
  end

  defp served(pid, folder) do
    %{
      pid: pid,
      folder: Path.join(folder, "bucket"),
      endpoint: "http://127.0.0.1:#{GenServer.call(pid, :port)}"
    }
  end

  @doc "Kills it, as the system does when memory runs out. What it has stored stays."
  def kill(server), do: GenServer.call(server.pid, :kill)

  @doc "Starts one that was killed again, at its port."
  def restart(server), do: GenServer.call(server.pid, :restart, :infinity)

  @doc """
  From now on each connection is refused (`"refuse"`), each request answered so (`"answer 503
  SlowDown"`), or all is well again (`"clear"`); native/s3 has more.
  """
  def order(server, order) do
    "ok" = GenServer.call(server.pid, {:order, order})
    :ok
  end

  @doc "What these headers were in the requests so far, each value once; `\"-\"` if one had none."
  def values(server, headers) do
    answer = GenServer.call(server.pid, {:order, Enum.join(["values" | headers], " ")})
    for values <- String.split(answer, " "), do: String.split(values, ",")
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

    [remote: "s3://bucket/replays", remote_opts: remote_opts, remote_poll_ms: 20]
    |> Keyword.merge(opts)
    |> Keyword.put_new_lazy(:path, &Recordings.tmp_dir/0)
  end

  @doc "As `node/3`, whose keys are apart, as variables for the environment."
  def node_without_keys(server, name, opts) do
    opts = node(server, name, opts)
    {_keys, opts} = pop_in(opts, [:remote_opts, :access_key_id])
    {_keys, opts} = pop_in(opts, [:remote_opts, :secret_access_key])
    {[{"AWS_ACCESS_KEY_ID", @key}, {"AWS_SECRET_ACCESS_KEY", @secret}], opts}
  end

  @doc "Whether the environment names a server, with a bucket in it."
  def elsewhere?, do: System.get_env("REPLAY_REMOTE_ENDPOINT") != nil

  @doc "As `node/3`, with that, and a prefix that nobody else has."
  def elsewhere(prefix, name) do
    named = &System.fetch_env!("REPLAY_REMOTE_" <> &1)

    remote_opts = [
      region: named.("REGION"),
      access_key_id: named.("KEY"),
      secret_access_key: named.("SECRET")
    ]

    address = "s3://#{named.("BUCKET")}/#{prefix}"
    opts = [remote: address, remote_opts: remote_opts, remote_poll_ms: 100]
    node(%{endpoint: named.("ENDPOINT")}, name, opts)
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
    # Below those that the system gives to connections: nobody else has it while it is down.
    case begin(folder, "#{Enum.random(10_000..32_000)}") do
      {:ok, begun} -> {:ok, Map.put(begun, :folder, folder)}
      :error -> init(folder)
    end
  end

  defp begin(folder, port) do
    args = ["--port", port, folder, @key, @secret, "bucket"]
    options = [:binary, :exit_status, line: 100, args: args]
    program = Port.open({:spawn_executable, binary()}, options)

    receive do
      {^program, {:data, {:eol, "port " <> port}}} -> {:ok, %{program: program, port: port}}
      {^program, {:exit_status, _}} -> :error
    end
  end

  @impl true
  def handle_call(:port, _from, state), do: {:reply, state.port, state}

  def handle_call(:kill, _from, %{program: program} = state) do
    {:os_pid, os_pid} = Port.info(program, :os_pid)
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    receive do: ({^program, {:exit_status, _}} -> {:reply, :ok, state})
  end

  def handle_call(:restart, from, %{port: port} = state) do
    case begin(state.folder, port) do
      {:ok, begun} ->
        {:reply, :ok, Map.merge(state, begun)}

      # Somebody has it just now all the same.
      :error ->
        Process.sleep(100)
        handle_call(:restart, from, state)
    end
  end

  def handle_call({:order, order}, _from, %{program: program} = state) do
    Port.command(program, [order, ?\n])
    {:reply, receive(do: ({^program, {:data, {:eol, line}}} -> line)), state}
  end

  @doc "Builds it, which takes minutes the first time: more than a test may."
  def build do
    _ = binary()
    :ok
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
