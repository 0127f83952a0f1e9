defmodule Mix.Tasks.PhoenixReplay.Native.Show do
  @shortdoc "Shows a recording and its events"

  @moduledoc """
  Shows a recording and its events.

      mix phoenix_replay.native.show ID [--limit N] [--full]

      mix phoenix_replay.native.show 4x1F5sfmxsxIadPy39mHkw --limit 20

  With `--full` each event is shown in full, otherwise on one line. An id that begins with `-` needs
  `--` in front of it.

  `--path DIRECTORY` is where the recordings are, by default that of
  `config :phoenix_replay, storage_opts:`.
  """

  use Mix.Task

  alias PhoenixReplay.Native.{CLI, Release}

  @impl true
  def run(argv), do: CLI.Task.run(fn -> Release.show(argv) end)
end
