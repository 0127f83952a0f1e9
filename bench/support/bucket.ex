defmodule Bench.Bucket do
  @moduledoc """
  A bucket for the benchmarks: that of the server which `REPLAY_REMOTE_ENDPOINT`,
  `_REGION`, `_BUCKET`, `_KEY` and `_SECRET` name, or one of `native/s3`, built in
  release mode and started for it.

  The latter keeps its objects in memory where the system has a file system for that,
  as what a bucket writes does not go to a node's own disk.
  """

  alias Bench.{Report, Workspace}

  @enforce_keys [:server, :endpoint, :region, :bucket, :key, :secret]
  defstruct @enforce_keys ++ [program: nil, folder: nil, proxy: nil]

  @type t :: %__MODULE__{}

  @root Path.expand("../..", __DIR__)
  @memory "/dev/shm"

  @doc """
  Passes a bucket to `fun`. Does nothing but say so if the native library speaks to
  none: its threads for that have names.
  """
  @spec with_new(Bench.Run.t(), (t() -> term())) :: term()
  def with_new(run, fun) do
    library = Application.app_dir(:phoenix_replay_native, "priv/native/phoenix_replay_native.so")

    if library |> File.read!() |> String.contains?("replay-poll") do
      bucket = start(run)
      Report.note("a bucket at #{bucket.server}")

      try do
        fun.(bucket)
      after
        stop(bucket)
      end
    else
      Report.note("the library knows no buckets (PHOENIX_REPLAY_NATIVE_REMOTE=1): skipped")
    end
  end

  @doc "The same bucket by way of what makes trouble, if there is such a thing."
  @spec troubled(t()) :: t() | nil
  def troubled(%{proxy: proxy} = bucket), do: proxy && %{bucket | endpoint: proxy}

  @doc "Lets the way refuse connections, and so on: see `native/s3/src/main.rs`."
  @spec order(t(), String.t()) :: String.t()
  def order(%{program: program}, order), do: ask(program, order)

  defp ask(program, order) do
    Port.command(program, [order, ?\n])
    receive(do: ({^program, {:data, {:eol, answer}}} -> answer))
  end

  @doc "A prefix that nobody uses yet."
  @spec prefix() :: String.t()
  def prefix,
    do: "bench/#{System.system_time(:millisecond)}-#{System.unique_integer([:positive])}"

  @doc "Storage options of a node, without its `:path`. `opts` are more of them."
  @spec node(t(), String.t(), String.t(), keyword()) :: keyword()
  def node(bucket, prefix, name, opts \\ []) do
    Keyword.merge(
      [
        remote: "s3://#{bucket.bucket}/#{prefix}",
        remote_opts: [
          endpoint: bucket.endpoint,
          region: bucket.region,
          access_key_id: bucket.key,
          secret_access_key: bucket.secret,
          node: name
        ]
      ],
      opts
    )
  end

  defp start(run) do
    case System.get_env("REPLAY_REMOTE_ENDPOINT") do
      none when none in [nil, ""] -> start_own(run)
      endpoint -> given(endpoint)
    end
  end

  # Which server that is, is known by its region.
  defp given(endpoint) do
    region = System.get_env("REPLAY_REMOTE_REGION", "us-east-1")

    %__MODULE__{
      server: region,
      endpoint: endpoint,
      region: region,
      bucket: System.fetch_env!("REPLAY_REMOTE_BUCKET"),
      key: System.fetch_env!("REPLAY_REMOTE_KEY"),
      secret: System.fetch_env!("REPLAY_REMOTE_SECRET")
    }
  end

  defp start_own(run) do
    folder = folder(run)
    [bucket, key, secret] = ~w(bucket an-access-key-id a-secret-access-key)
    args = [folder, key, secret, bucket]
    program = Port.open({:spawn_executable, program()}, [:binary, line: 100, args: args])
    "port " <> port = receive(do: ({^program, {:data, {:eol, line}}} -> line))

    %__MODULE__{
      server: "own",
      endpoint: "http://127.0.0.1:#{ask(program, "direct")}",
      proxy: "http://127.0.0.1:#{port}",
      region: "us-east-1",
      bucket: bucket,
      key: key,
      secret: secret,
      program: program,
      folder: folder
    }
  end

  defp folder(run) do
    memory = Path.join(@memory, "phoenix_replay-bench-#{System.pid()}")
    if File.mkdir_p(memory) == :ok, do: memory, else: Workspace.directory(run, "bucket")
  end

  # It ends with its standard input.
  defp stop(bucket) do
    if bucket.program, do: Port.close(bucket.program)
    if bucket.folder, do: File.rm_rf!(bucket.folder)
    :ok
  end

  # Cargo says where it has put it: settings of the user's can move it.
  defp program do
    Report.note("building the server (cargo build --release --package replay-s3)")

    {output, 0} =
      System.cmd(
        "cargo",
        ~w(build --quiet --locked --release --package replay-s3) ++
          ~w(--message-format=json-render-diagnostics),
        cd: @root
      )

    [[_, path] | _] = Regex.scan(~r/"executable":"([^"]*replay-s3-server)"/, output)
    path
  end
end
