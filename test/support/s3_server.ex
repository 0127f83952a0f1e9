defmodule PhoenixReplay.Native.Test.S3Server do
  @moduledoc false
  # A real server of S3's protocol (native/remote, feature `testing`), which serves a folder on a
  # port of loopback and ends with whoever started it. In front of it a gate, which can be shut:
  # then the bucket is away.

  import ExUnit.Callbacks, only: [on_exit: 1, start_supervised!: 1]

  alias PhoenixReplay.Native.Test.{Gate, Recordings}

  @root Path.expand("../..", __DIR__)
  @binary "replay-s3-server"
  @key "test-key-id"
  @secret "test-secret-key"

  @doc "Starts one with an empty bucket for a test."
  def start do
    folder = Recordings.tmp_dir()
    File.mkdir_p!(Path.join(folder, "bucket"))
    port = Port.open({:spawn_executable, binary()}, [:binary, line: 100, args: [folder]])
    at = receive do: ({^port, {:data, {:eol, line}}} -> String.to_integer(String.trim(line)))
    gate = start_supervised!({Gate, at})
    on_exit(fn -> File.rm_rf!(folder) end)
    %{port: port, gate: gate, folder: Path.join(folder, "bucket"), endpoint: endpoint(gate)}
  end

  defp endpoint(gate), do: "http://127.0.0.1:#{Gate.port(gate)}"

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

  @doc "What a key of a node has in it."
  def secret, do: @secret

  # Cargo says where it has put it: settings of the user's can move it.
  defp binary do
    with nil <- :persistent_term.get(__MODULE__, nil) do
      {output, 0} =
        System.cmd(
          "cargo",
          ~w(build --quiet --locked --package replay-remote --features testing --bin #{@binary}) ++
            ~w(--message-format=json-render-diagnostics),
          cd: @root
        )

      [[_, path] | _] = Regex.scan(~r/"executable":"([^"]*#{@binary})"/, output)
      :persistent_term.put(__MODULE__, path)
      path
    end
  end
end
