defmodule Mix.Tasks.PhoenixReplay.Native.Export do
  @shortdoc "Writes recordings into another directory"

  @moduledoc """
  Writes recordings into another directory.

      mix phoenix_replay.native.export DIRECTORY [filters] [--format etf|json]

      mix phoenix_replay.native.export /tmp/ada --subject ada --format json

  Files are `ID.etf.gz` or `ID.json.gz`, as in any directory of recordings. The exit status is 1 if
  some could not be read or written, which are named, and if it can't be known what all is in the
  bucket of the directory, see `PhoenixReplay.Native.Release`.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`. Filters are in `PhoenixReplay.Native.Release`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.export(argv) end)
end
