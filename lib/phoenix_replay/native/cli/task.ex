defmodule PhoenixReplay.Native.CLI.Task do
  @moduledoc false
  # A function of `PhoenixReplay.Native.Release` as a task of Mix: with the application's
  # configuration, and nothing of it started; what it prints is not mixed with lines of
  # the log that tell of nothing wrong, which go to the same place.

  alias PhoenixReplay.Native.Release

  @doc "Runs it; a failure of it is one of the task."
  @spec run((() -> :ok)) :: :ok
  def run(fun) do
    Mix.Task.run("app.config")
    level = Logger.level()
    Logger.configure(level: :warning)

    try do
      fun.()
    rescue
      error in Release.Failed -> Mix.raise(error.message)
    after
      Logger.configure(level: level)
    end
  end
end
