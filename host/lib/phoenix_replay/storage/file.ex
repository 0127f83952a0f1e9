defmodule PhoenixReplay.Storage.File do
  @moduledoc """
  Keeps each recording in a gzipped file of its own.

  ## Options

    * `:path` - the directory, by default `"priv/replay_recordings"`
    * `:format` - `:etf` (the default) or `:json`

  A recording is written to `<id>.etf.gz` or `<id>.json.gz`. Where there is no
  such file, or it does not decode, `<id>.etf` or `<id>.json`, gzipped or not, is
  read instead. Files of the other format are not looked at. Only the base name
  of an id takes part, so no id leads out of the directory. Files are not synced
  to disk.

  It is an exception, not an error, when a file is no gzip or not a recording,
  and when the directory can't be made.
  """

  @behaviour PhoenixReplay.Storage

  alias PhoenixReplay.Recordings
  alias PhoenixReplay.Storage.Serializer

  @default_path "priv/replay_recordings"

  @impl true
  def init(opts), do: File.mkdir_p!(directory(opts))

  @impl true
  def save(recording, opts) do
    with {:ok, data} <- Serializer.encode(recording, format(opts)) do
      File.write(current(recording.id, opts), :zlib.gzip(data))
    end
  end

  @impl true
  def get(id, opts) do
    with {:ok, data} <- File.read(current(id, opts)),
         {:ok, recording} <- Serializer.decode(:zlib.gunzip(data), format(opts)) do
      {:ok, recording}
    else
      {:error, _reason} -> get_legacy(id, opts)
    end
  end

  defp get_legacy(id, opts) do
    with {:ok, data} <- File.read(legacy(id, opts)),
         {:ok, recording} <- data |> decompress() |> Serializer.decode(format(opts)) do
      {:ok, recording}
    else
      {:error, _reason} -> :error
    end
  end

  defp decompress(<<0x1F, 0x8B, _::binary>> = data), do: :zlib.gunzip(data)
  defp decompress(data), do: data

  # Whatever a file is called, it is looked for as a recording: one that has two
  # files is listed twice.
  @impl true
  def list(opts) do
    recordings =
      for name <- names(opts), {:ok, recording} <- [name |> id() |> get(opts)], do: recording

    Enum.sort_by(recordings, & &1.connected_at, :desc)
  end

  @impl true
  def list_summaries(opts), do: opts |> list() |> Enum.map(&Recordings.summary/1)

  @impl true
  def delete(id, opts) do
    for path <- [current(id, opts), legacy(id, opts)], do: File.rm(path)
    :ok
  end

  @doc "Removes every file of the directory, whatever it is."
  @impl true
  def clear(opts) do
    for name <- names(opts), do: opts |> directory() |> Path.join(name) |> File.rm()
    :ok
  end

  defp names(opts) do
    case opts |> directory() |> File.ls() do
      {:ok, names} -> names
      {:error, _reason} -> []
    end
  end

  defp id(name) do
    Enum.reduce([".etf.gz", ".json.gz", ".etf", ".json"], name, fn extension, name ->
      String.replace_suffix(name, extension, "")
    end)
  end

  defp current(id, opts), do: path(id, Serializer.extension(format(opts)), opts)

  defp legacy(id, opts) do
    path(id, opts |> format() |> Serializer.extension() |> Path.rootname(".gz"), opts)
  end

  defp path(id, extension, opts), do: Path.join(directory(opts), Path.basename(id) <> extension)

  defp directory(opts), do: Keyword.get(opts, :path, @default_path)
  defp format(opts), do: Keyword.get(opts, :format, :etf)
end
