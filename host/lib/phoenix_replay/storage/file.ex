defmodule PhoenixReplay.Storage.File do
  @moduledoc """
  Keeps each recording in a gzipped file of its own.

  ## Options

    * `:path` - the directory, by default `"priv/replay_recordings"`
    * `:format` - `:etf` (the default) or `:json`, the format of new files

  A recording is written to `<id>.etf.gz` or `<id>.json.gz`. Files called
  `<id>.etf` and `<id>.json`, gzipped or not, are read as well. Only the base
  name of an id takes part, so no id leads out of the directory. Files are not
  synced to disk.
  """

  @behaviour PhoenixReplay.Storage

  alias PhoenixReplay.Recordings
  alias PhoenixReplay.Storage.Serializer

  @default_path "priv/replay_recordings"
  @extensions [".etf.gz", ".json.gz", ".etf", ".json"]

  # No file of such a name can exist, so there is nothing to delete either.
  @nonexistent [:enoent, :enametoolong, :badarg]

  @impl true
  def init(opts), do: File.mkdir_p(directory(opts))

  @impl true
  def save(recording, opts) do
    format = format(opts)

    with {:ok, data} <- Serializer.encode(recording, format) do
      File.write(path(recording.id, ".#{format}.gz", opts), :zlib.gzip(data))
    end
  end

  @impl true
  def get(id, opts) do
    opts
    |> format()
    |> lookup_order()
    |> Enum.find_value(:error, fn extension ->
      case read(path(id, extension, opts)) do
        {:ok, recording} -> {:ok, recording}
        :error -> nil
      end
    end)
  end

  @impl true
  def list(opts) do
    recordings = for file <- files(opts), {:ok, recording} <- [read(file)], do: recording
    Enum.sort_by(recordings, & &1.connected_at, :desc)
  end

  @impl true
  def list_summaries(opts), do: opts |> list() |> Enum.map(&Recordings.summary/1)

  @impl true
  def delete(id, opts) do
    Enum.reduce(@extensions, :ok, fn extension, result ->
      case File.rm(path(id, extension, opts)) do
        :ok -> result
        {:error, reason} when reason in @nonexistent -> result
        {:error, reason} -> {:error, reason}
      end
    end)
  end

  @impl true
  def clear(opts) do
    opts |> files() |> Enum.each(&File.rm/1)
  end

  defp read(file) do
    case File.read(file) do
      {:ok, data} -> Serializer.decode(data, file_format(file))
      {:error, _reason} -> :error
    end
  end

  defp files(opts) do
    directory = directory(opts)

    case File.ls(directory) do
      {:ok, names} ->
        for name <- names, String.ends_with?(name, @extensions), do: Path.join(directory, name)

      {:error, _reason} ->
        []
    end
  end

  defp file_format(file) do
    if String.ends_with?(file, [".json.gz", ".json"]), do: :json, else: :etf
  end

  defp lookup_order(:etf), do: [".etf.gz", ".etf", ".json.gz", ".json"]
  defp lookup_order(:json), do: [".json.gz", ".json", ".etf.gz", ".etf"]

  defp path(id, extension, opts), do: Path.join(directory(opts), Path.basename(id) <> extension)

  defp directory(opts), do: Keyword.get(opts, :path, @default_path)

  defp format(opts) do
    case Keyword.get(opts, :format, :etf) do
      :json -> :json
      _etf -> :etf
    end
  end
end
