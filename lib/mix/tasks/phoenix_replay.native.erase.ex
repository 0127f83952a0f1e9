defmodule Mix.Tasks.PhoenixReplay.Native.Erase do
  @shortdoc "Erases recordings for good"

  @moduledoc """
  Erases recordings for good.

      mix phoenix_replay.native.erase filters [--yes]

      mix phoenix_replay.native.erase --subject 4711
      mix phoenix_replay.native.erase --subject 4711 --yes

  Without `--yes` it lists what would be erased. Sessions that are in flight in a running system are
  not reached from here: see `PhoenixReplay.Native.Release` for how they are.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`. Filters are in `PhoenixReplay.Native.Release`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.erase(argv) end)
end
