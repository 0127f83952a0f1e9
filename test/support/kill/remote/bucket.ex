defmodule PhoenixReplay.Native.Test.Kill.Remote.Bucket do
  @moduledoc false
  # What is in a bucket, seen as files in the folder of its server, and what may be.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.Kill.Content
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  @prefix "replays"

  @doc "The keys of all objects."
  def keys(server) do
    for path <- Path.wildcard(server.folder <> "/**", match_dot: true),
        File.regular?(path),
        do: Path.relative_to(path, server.folder)
  end

  @doc "Recordings among keys: the names of their files, each with the keys that it has."
  def recordings(keys) do
    for @prefix <> "/" <> rest = key <- keys,
        [_year, _month, _day, name] <- [String.split(rest, "/")],
        [_all, file] <- [Regex.run(~r/\A\d{13}-\d+-(.+)\z/s, name)],
        Path.extname(file) not in [".rows", ".gone"],
        reduce: %{} do
      files -> Map.update(files, file, [key], &[key | &1])
    end
  end

  @doc "Keys of a kind that has a folder of its own: `nodes`, `confirmed`, `running`, `lease`."
  def kept(keys, kind),
    do: Enum.filter(keys, &String.starts_with?(&1, "#{@prefix}/.native/#{kind}"))

  @doc "Whether it is no object that there may be."
  def unknown?(key) do
    not (key =~ ~r"\A#{@prefix}/\d{4}/\d\d/\d\d/\d{13}-[^/]+\z" or
           key =~ ~r"\A#{@prefix}/\.native/(nodes|confirmed|running)/" or
           key == "#{@prefix}/.native/lease")
  end

  @doc """
  What its recordings are, by id, when they are copied into an empty directory: as the inspector
  names them.
  """
  def seen(server, recordings, copy) do
    File.rm_rf!(copy)
    File.mkdir_p!(copy)

    for {file, keys} <- recordings,
        do: File.cp(Path.join(server.folder, Enum.max(keys)), Path.join(copy, file))

    # Atoms of recordings, the views of those in JSON among them, are those of this code.
    for module <- [Content, Session], do: Code.ensure_loaded!(module)
    opts = [path: copy]
    {:ok, %{damaged: []}} = Native.verify([], opts)
    seen = for recording <- Storage.list(opts), do: {recording.id, Content.identify!(recording)}
    :ok = Native.close(opts)
    File.rm_rf!(copy)
    Map.new(seen)
  end

  @doc "Objects that have one of some texts in their key or in what they hold."
  def traces(_server, _keys, []), do: []

  def traces(server, keys, texts) do
    pattern = :binary.compile_pattern(texts)

    for key <- keys,
        content = key <> "\n" <> plain(Path.join(server.folder, key)),
        {at, length} <- Enum.take(:binary.matches(content, pattern), 1),
        do: {key, binary_part(content, at, length)}
  end

  # Recordings have nothing of others in them. Rows are decompressed by a program, where there is
  # one: this system need not be able to.
  defp plain(path) do
    zstd = Path.extname(path) == ".rows" && System.find_executable("zstd")

    case File.read(path) do
      {:ok, <<0xFD2FB528::little-32, _::binary>>} when is_binary(zstd) ->
        zstd |> System.cmd(["-qdc", path]) |> elem(0)

      {:ok, bytes} ->
        bytes

      # It has gone meanwhile, which is seen elsewhere.
      {:error, :enoent} ->
        ""
    end
  end
end
