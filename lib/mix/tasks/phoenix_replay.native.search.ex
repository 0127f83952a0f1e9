defmodule Mix.Tasks.PhoenixReplay.Native.Search do
  @shortdoc "Finds recordings that have a text in them"

  @moduledoc """
  Finds recordings that have a text in them.

      mix phoenix_replay.native.search TEXT [filters] [--sort ORDER] [--limit N] [--cursor CURSOR]

      mix phoenix_replay.native.search ada@example.com --from 2026-11-01

  Every recording that the filters leave is read. How far that is is said on standard error.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`. Filters are in `PhoenixReplay.Native.Release`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.search(argv) end)
end
