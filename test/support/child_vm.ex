defmodule PhoenixReplay.Native.Test.ChildVM do
  @moduledoc false
  # A second VM, with the same code, for what one VM can show only once: which
  # atoms exist, and what is left after it is gone.

  @doc """
  Runs Elixir code to its end and returns what it printed. `:vm` are arguments
  of the VM, `:paths` those that `paths/0` gives otherwise.
  """
  def run!(code, args \\ [], options \\ []) do
    vm = for argument <- options[:vm] || [], do: ["--erl", argument]
    arguments = List.flatten(vm) ++ (options[:paths] || paths()) ++ ["-e", code | args]
    {output, status} = System.cmd(executable(), arguments, stderr_to_stdout: true)

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

  @app "phoenix_replay_native"

  @doc """
  As `paths/0`, with a copy of this library in `directory`, whose native part a
  test may break, and the path of that.
  """
  def copied(directory) do
    copy = Path.join(directory, @app)
    File.mkdir_p!(Path.join(copy, "priv/native"))
    File.cp_r!(Application.app_dir(:phoenix_replay_native, "ebin"), Path.join(copy, "ebin"))
    native = Path.join(copy, "priv/native/#{@app}.so")
    File.cp!(Application.app_dir(:phoenix_replay_native, "priv/native/#{@app}.so"), native)

    paths =
      for path <- paths(),
          do: if(path =~ "/#{@app}/ebin", do: Path.join(copy, "ebin"), else: path)

    {paths, native}
  end
end
