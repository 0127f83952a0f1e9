defmodule PhoenixReplay.Native.Test.ChildVM do
  @moduledoc false
  # A second VM, with the same code, for what one VM can show only once: which
  # atoms exist, and what is left after it is gone.

  @doc "Runs Elixir code to its end and returns what it printed."
  def run!(code, args \\ []) do
    {output, status} =
      System.cmd(executable(), paths() ++ ["-e", code | args], stderr_to_stdout: true)

    if status != 0, do: raise("the child VM failed with #{status}:\n#{output}")
    output
  end

  @doc "The `elixir` that belongs to this VM's Elixir."
  def executable do
    System.find_executable("elixir") || raise "no elixir on the PATH"
  end

  @doc "Arguments that put the code of this project, and of what it depends on, on the child's path."
  def paths do
    for path <- :code.get_path(),
        path = to_string(path),
        String.starts_with?(path, Mix.Project.build_path()),
        argument <- ["-pa", path],
        do: argument
  end
end
