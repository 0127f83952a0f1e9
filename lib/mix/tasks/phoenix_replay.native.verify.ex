defmodule Mix.Tasks.PhoenixReplay.Native.Verify do
  @shortdoc "Reads every recording in full"

  @moduledoc """
  Reads every recording in full.

      mix phoenix_replay.native.verify

  Damaged files are named, and then the exit status is 1. How far it is is said on standard error.
  `PhoenixReplay.Native.repair/2` moves them away.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.verify(argv) end)
end
