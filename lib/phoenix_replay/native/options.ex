defmodule PhoenixReplay.Native.Options do
  @moduledoc """
  The options a user may write under `storage_opts`.

    * `:path` (`t:Path.t/0`): the directory of the recordings, created when it
      is missing. Relative paths start at the working directory, which for a
      release is wherever it was started; the log names the directory once. A
      release should have one outside of itself, because `mix release` copies what
      is in `priv/`. Default `"priv/replay_recordings"`.
    * `:native_path` (`t:Path.t/0` or nil): a directory on a local disk for
      what is not a finished recording. Default nil: `.native/` in the directory
      of the recordings. See below.
    * `:format` (`:etf` or `:json`): how new recordings are written. Both are
      always read. Default `:etf`.
    * `:compression` (`t:compression/0` or `:gzip` or `:zstd`): how new
      recordings are compressed. Default `:gzip`, which is level 6. See below.
    * `:durability` (`:synced` or `:relaxed`): what a recording outlives once it is
      saved. Default `:synced`. See below.
    * `:max_recording_bytes` (`t:pos_integer/0`): the largest recording that is
      saved or read, in bytes as an external term before compression. In the
      memory of a VM its lists, tuples and maps may take four times as much, or
      8 MiB; and its JSON text may be six times as large, so that what was saved
      can be read in either format. Default 256 MiB.
    * `:max_recordings`, `:max_age_ms`, `:max_bytes` (`t:non_neg_integer/0`, nil
      or `:infinity`): how much is kept. See below.
    * `:drain_timeout_ms` (0 to 4 294 967 295, or `:infinity`): how long this
      library's application, when it stops, waits until everything that was
      recorded is saved, and `PhoenixReplay.Native.close/1` for what has ended.
      Default 30 000.
    * `:idle_timeout_ms` (1 to 4 294 967 295, or `:infinity`): a directory in
      which nothing is in flight and that nobody has asked for anything for so
      long is closed, as `PhoenixReplay.Native.close/1` does, and opened again
      when it is next used. It is this library's application that does it. A
      directory with limits or a bucket stays open, because they are kept all the time.
      Default 600 000.

    * `:subject` (`{module, function}` or a function of one argument): names whom a
      recording belongs to that is saved by `save/2`, as those of the host's recorder
      are. See below. Default: none.

    * `:remote` (`"s3://bucket/prefix"` or nil): a bucket in which all recordings are as
      well, and by which nodes see each other's. Default nil. See below.
    * `:remote_opts` (keyword list): how that is reached. Default `[]`. See below.
    * `:remote_poll_ms` (1 to 4 294 967 295): how often the bucket is asked for what
      other nodes have put there. Default 2 000.
    * `:local_max_bytes` (`t:non_neg_integer/0`, nil or `:infinity`): how many bytes of
      files are kept in the directory of recordings that are in the bucket. What was not
      used for the longest time goes first; what is not in the bucket stays. Default nil,
      no limit.
    * `:checkpoint_ms` (1 to 4 294 967 295, nil or `:infinity`): how often running sessions
      are put into the bucket as they are, so that at most so much is lost with a node
      and its disk. Default nil, not at all.

  The format and the subject are those of each call. All else a directory keeps, as it was first
  opened, until it is closed: who uses it with other options meanwhile finds that
  in the log, once.

  Any other key is an error that names the known ones.

  ## The subject

  A recording can belong to somebody, by whose name it is found, counted and
  erased: see `PhoenixReplay.Native`. Sessions of `PhoenixReplay.Native.Recorder`
  get theirs by `config :phoenix_replay, subject:`, described there. For those that
  the host's own recorder makes, `:subject` names a function that is called in
  `save/2` with the recording and answers a `t:PhoenixReplay.Native.subject/0` or
  nil. In the configuration of a release `{module, function}` is the form that works.
  It is called in the process that saves; what it raises, or answers wrongly, is said
  in the log, once per process, and the recording is saved without.

  A recording that belongs to somebody already, and is saved again, keeps that.

  ## Users and groups

  The directory is created for the user of this system alone (0700), and so are
  files in it (0600); directories above it that are missing get the usual mode. If
  its owner opens it to a group with write permission (`chmod 2770`), the group may
  read and write what is made in it from then on, whatever the umask: 0660 for files,
  2770 for directories. A directory that everybody may write was opened to nobody in
  particular.

  What belongs to another user and can't be read is named in the log; everything
  else is served. In a directory that can't be written, everything that can be
  read is served.

  ## The directory `:native_path`

  Sessions in flight are kept in memory-mapped files, and several nodes that share
  a directory tell by file locks whose they are. Network file systems and some
  FUSE do neither well: with `:native_path` these files, and the index, are on a
  local disk, and only the recordings, and what becomes one, on the shared one.

  It may be the same for several directories of recordings. Each has a part of it,
  named after its path and a random number in its `.native/id`. After a move to
  another path, or the loss of that file, the recordings have another part: what a
  crash left in the old one is found again when they are moved back, and is
  otherwise to be removed by hand.

  What a node left behind when it died is recovered at its next start with the same
  `:native_path`, and by no other node; so it must outlive the node. Each node has
  an index of its own.

  ## Compression

    * `{:gzip, level}`, level 1 to 12: files that any gzip reads, and the
      pure-Elixir backend. `:gzip` is level 6.
    * `{:zstd, level}`, level 1 to 19: files `<id>.etf.zst` and `<id>.json.zst`
      that any `zstd` reads, in a fraction of the CPU time. `:zstd` is level 1.
      The pure-Elixir backend does not see them: before a directory is handed
      back to it, what was saved so has to be saved again with `:gzip`.

  A directory may hold files of both kinds; both are always read. Saving a
  recording again replaces its file of the other kind.

  ## Durability

    * `:synced`: what is saved is on the disk, its file synced and then its directory,
      before `save/2` returns, and before a session that has ended leaves the slab. It
      outlives a power cut.
    * `:relaxed`: neither is synced, and the kernel writes it when it sees fit, on
      Linux mostly within 30 seconds. It outlives the end of the VM, whatever ends it,
      `kill -9` too, because the kernel has it. A power cut, or a crash of the kernel or
      of the machine below it, can take what was saved in those seconds, though it was
      acknowledged; sessions that had ended too, because they have left the slab. Where
      there was a file, there is then none, or one that is empty or cut off or has zeros
      in it. Such a file is damage as any other: it is named in the log once,
      `get/2` answers `:error` for it, `PhoenixReplay.Native.verify/2` finds it and
      `PhoenixReplay.Native.repair/2` moves it away. Only what is new can be lost: where
      a recording replaces one that is known here, its content is synced first, and
      the name of a new file before the old one is removed.

  It is about what is saved, and nothing else. What `delete/2`, `clear/1`,
  `PhoenixReplay.Native.delete_where/3`, `PhoenixReplay.Native.rewrite/4` and
  `PhoenixReplay.Native.repair/2` do is on the disk when they return, with either.

  ## Retention

  The newest `:max_recordings` by `connected_at` are kept, none that began more
  than `:max_age_ms` milliseconds ago, and as many of the newest as have no more
  than `:max_bytes` together in their files. nil and `:infinity` are no limit.

  Without `:max_recordings` and `:max_age_ms` the host's settings `:max_recordings`
  and `:max_recording_age_ms` apply, as they are when the directory is opened.

  What is beyond a limit is deleted in the background, whoever saved it. Sessions
  in flight are left alone.

  ## A bucket

      storage_opts: [path: "/data/replays", remote: "s3://my-bucket/replays"]

  Recordings are saved in the directory, as without, and put into the bucket from there, in
  the background and for as long as it takes. Every node with the same `:remote` lists all
  of them, and reads what it does not have from there. The guide
  [Several nodes](several_nodes.html) says what is promised, and what it takes.

  It takes a native library that was built for it: `config :phoenix_replay_native, remote: true`
  when this package is compiled. With any other the error is `{:unsupported, :remote}`.

  `:remote_opts` may have

    * `:endpoint`: the server, such as `"https://minio.internal:9000"`. Default: what the
      environment says (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`), or that of AWS for the
      region. What begins with `http://` is not encrypted.
    * `:region`: default: what the environment says (`AWS_REGION`), or `us-east-1`
    * `:access_key_id`, `:secret_access_key`, `:session_token`: texts, or functions without
      arguments that return one, called when the directory is opened, which may be before your
      application is started; if one fails, the next call tries again. Default: credentials
      are looked for as usual for AWS, in the environment (`AWS_ACCESS_KEY_ID` and
      the like), by a web identity, and at the metadata service of the container or the
      instance; those that expire are renewed. The environment is that of the VM when the
      directory is opened, with what `System.put_env/2` has set.
    * `:sse`: how the server encrypts what it stores: `:aes256` or `{:kms, key}`. Default: as
      the bucket is set up.
    * `:virtual_hosted`: whether the bucket is named in the host, or in the path. Default: in
      the host on AWS, in the path elsewhere.
    * `:ca_file`: a file of certificates (PEM) that are trusted besides those of the system
    * `:timeout_ms` (1 to 3 600 000): how long a call waits for the bucket, and a request
      makes no progress before it is given up. Default 10 000.
    * `:node`: what this node is called in the bucket. Default: `node()`, or the name of the
      host where that is `:nonode@nohost`. A number of its directory is added, so that two
      that are called the same are told apart.

  Nothing of a key is in an error, in the log, or in what `inspect/1` shows of options.
  A directory with a bucket stays open, whatever `:idle_timeout_ms` says.
  """

  alias PhoenixReplay.Native.{Error, Remote, Subject}

  @enforce_keys [:path, :native_path, :format, :compression, :durability] ++
                  [:max_recording_bytes, :max_recordings, :max_age_ms, :max_bytes] ++
                  [:drain_timeout_ms, :idle_timeout_ms, :subject, :remote]
  defstruct @enforce_keys

  @typedoc "How files are compressed, and how hard: 1 is the fastest level."
  @type compression :: {:gzip, 1..12} | {:zstd, 1..19}

  @typedoc "What a recording outlives once it is saved."
  @type durability :: :synced | :relaxed

  @type t :: %__MODULE__{
          path: Path.t(),
          native_path: Path.t() | nil,
          format: :etf | :json,
          compression: compression(),
          durability: durability(),
          max_recording_bytes: pos_integer(),
          max_recordings: non_neg_integer() | nil,
          max_age_ms: non_neg_integer() | nil,
          max_bytes: non_neg_integer() | nil,
          drain_timeout_ms: non_neg_integer(),
          idle_timeout_ms: pos_integer() | nil,
          remote: Remote.t() | nil
        }

  @defaults [
    path: "priv/replay_recordings",
    native_path: nil,
    format: :etf,
    compression: :gzip,
    durability: :synced,
    max_recording_bytes: 256 * 1024 * 1024,
    drain_timeout_ms: 30_000,
    idle_timeout_ms: 600_000
  ]

  # Of a time: 49 days.
  @max_ms 0xFFFF_FFFF

  # Without these in the options, the host's settings of these names apply.
  @limits [max_recordings: :max_recordings, max_age_ms: :max_recording_age_ms, max_bytes: nil]
  @known Keyword.keys(@defaults) ++ Keyword.keys(@limits) ++ [:subject] ++ Remote.keys()

  @doc false
  # The names there are.
  @spec keys() :: [atom()]
  def keys, do: @known

  @doc """
  Checks the options of a user and fills in the defaults.

      iex> {:ok, options} = PhoenixReplay.Native.Options.new(compression: :zstd)
      iex> {options.compression, options.format}
      {{:zstd, 1}, :etf}

      iex> PhoenixReplay.Native.Options.new(format: :xml)
      {:error, {:invalid_option, :format, ":etf or :json"}}
  """
  @spec new(keyword()) :: {:ok, t()} | {:error, Error.reason()}
  def new(opts) do
    with :ok <- keyword(opts),
         :ok <- known(opts),
         opts = Keyword.merge(@defaults, opts),
         {:ok, path} <- path(:path, opts[:path]),
         {:ok, native_path} <- native_path(opts[:native_path]),
         {:ok, format} <- format(opts[:format]),
         {:ok, compression} <- compression(opts[:compression]),
         {:ok, durability} <- durability(opts[:durability]),
         {:ok, max} <- max_recording_bytes(opts[:max_recording_bytes]),
         {:ok, max_recordings} <- limit(opts, :max_recordings),
         {:ok, max_age_ms} <- limit(opts, :max_age_ms),
         {:ok, max_bytes} <- limit(opts, :max_bytes),
         {:ok, drain_timeout_ms} <- drain_timeout_ms(opts[:drain_timeout_ms]),
         {:ok, idle_timeout_ms} <- idle_timeout_ms(opts[:idle_timeout_ms]),
         {:ok, remote} <- Remote.new(opts),
         {:ok, subject, _others} <- Subject.pop(opts) do
      {:ok,
       %__MODULE__{
         path: path,
         native_path: native_path,
         format: format,
         compression: compression,
         durability: durability,
         max_recording_bytes: max,
         max_recordings: max_recordings,
         max_age_ms: max_age_ms,
         max_bytes: max_bytes,
         drain_timeout_ms: drain_timeout_ms,
         idle_timeout_ms: idle_timeout_ms,
         subject: subject,
         remote: remote
       }}
    end
  end

  defp keyword(opts) do
    if Keyword.keyword?(opts),
      do: :ok,
      else: {:error, {:invalid_option, :storage_opts, "a keyword list"}}
  end

  defp known(opts) do
    case Enum.uniq(Keyword.keys(opts)) -- @known do
      [] -> :ok
      unknown -> {:error, {:unknown_options, unknown, @known}}
    end
  end

  defp native_path(nil), do: {:ok, nil}
  defp native_path(path), do: path(:native_path, path)

  defp path(key, path) do
    path = IO.chardata_to_string(path)

    if path == "" or String.contains?(path, <<0>>),
      do: invalid_path(key),
      else: {:ok, Path.expand(path)}
  rescue
    _ -> invalid_path(key)
  end

  defp invalid_path(key), do: {:error, {:invalid_option, key, "the path of a directory"}}

  defp format(format) when format in [:etf, :json], do: {:ok, format}
  defp format(_), do: {:error, {:invalid_option, :format, ":etf or :json"}}

  defp compression(:gzip), do: {:ok, {:gzip, 6}}
  defp compression(:zstd), do: {:ok, {:zstd, 1}}
  defp compression({:gzip, level}) when level in 1..12, do: {:ok, {:gzip, level}}
  defp compression({:zstd, level}) when level in 1..19, do: {:ok, {:zstd, level}}

  defp compression(_) do
    {:error,
     {:invalid_option, :compression,
      ":gzip, :zstd, {:gzip, level} with a level from 1 to 12, " <>
        "or {:zstd, level} with a level from 1 to 19"}}
  end

  defp durability(durability) when durability in [:synced, :relaxed], do: {:ok, durability}
  defp durability(_), do: {:error, {:invalid_option, :durability, ":synced or :relaxed"}}

  # Lengths in both formats have 32 bits.
  defp max_recording_bytes(max) when max in 1..0xFFFF_FFFF, do: {:ok, max}

  defp max_recording_bytes(_) do
    {:error, {:invalid_option, :max_recording_bytes, "an integer from 1 to 4294967295"}}
  end

  defp limit(opts, key) do
    case Keyword.get_lazy(opts, key, fn -> host_setting(@limits[key]) end) do
      none when none in [nil, :infinity] -> {:ok, nil}
      max when max in 0..0xFFFF_FFFF_FFFF_FFFF -> {:ok, max}
      _ -> {:error, {:invalid_option, key, "an integer of at least 0, nil or :infinity"}}
    end
  end

  defp host_setting(nil), do: nil
  defp host_setting(key), do: Application.get_env(:phoenix_replay, key)

  defp drain_timeout_ms(:infinity), do: {:ok, @max_ms}
  defp drain_timeout_ms(ms) when ms in 0..@max_ms, do: {:ok, ms}

  defp drain_timeout_ms(_) do
    {:error,
     {:invalid_option, :drain_timeout_ms,
      "a number of milliseconds from 0 to #{@max_ms}, or :infinity"}}
  end

  defp idle_timeout_ms(:infinity), do: {:ok, nil}
  defp idle_timeout_ms(ms) when ms in 1..@max_ms, do: {:ok, ms}

  defp idle_timeout_ms(_) do
    {:error,
     {:invalid_option, :idle_timeout_ms,
      "a number of milliseconds from 1 to #{@max_ms}, or :infinity"}}
  end
end
