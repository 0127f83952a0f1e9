defmodule Mix.Tasks.PhoenixReplay.Native.Ls do
  @shortdoc "Lists recordings"

  @moduledoc """
  Lists recordings.

      mix phoenix_replay.native.ls [filters] [--sort ORDER] [--limit N] [--cursor CURSOR]

      mix phoenix_replay.native.ls --view MyAppWeb.CheckoutLive --event pay --sort longest

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`. Filters are in `PhoenixReplay.Native.Release`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.ls(argv) end)
end
