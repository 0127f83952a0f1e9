defmodule Mix.Tasks.PhoenixReplay.Native.Stats do
  @shortdoc "Prints what a directory of recordings holds"

  @moduledoc """
  Prints what a directory of recordings holds.

      mix phoenix_replay.native.stats

  What is counted since the directory was opened is 0 here: ask the running system for that, see
  `PhoenixReplay.Native.Release`.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.stats(argv) end)
end
