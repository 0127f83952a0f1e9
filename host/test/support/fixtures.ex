defmodule PhoenixReplay.Fixtures do
  @moduledoc "The recordings that the real package wrote; see their README."

  @directory Path.expand("../../../test/fixtures/phoenix_replay-0.2.0", __DIR__)

  def directory(name), do: Path.join(@directory, name)

  @doc "What is known of the files of a directory, by id."
  def manifest(name) do
    {:ok, entries} = @directory |> Path.join("manifest.json") |> File.read!() |> decode_json()
    for %{"file" => file} = entry <- entries, Path.dirname(file) == name, do: entry
  end

  @doc "Makes the atoms exist that only the application that was recorded knows."
  def define_atoms do
    for file <- Path.wildcard(Path.join(@directory, "*/*.{etf,etf.gz}")) do
      file |> File.read!() |> gunzip() |> :erlang.binary_to_term()
    end

    :ok
  end

  def gunzip(<<0x1F, 0x8B, _::binary>> = data), do: :zlib.gunzip(data)
  def gunzip(data), do: data

  defp decode_json(text), do: PhoenixReplay.JSON.decode(text)
end
