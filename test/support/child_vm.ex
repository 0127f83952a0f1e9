defmodule PhoenixReplay.Native.Test.ChildVM do
  @moduledoc false
  # A second VM, with the same code, for what one VM can show only once: which
  # atoms exist, and what is left after it is gone.

  import ExUnit.Assertions, only: [flunk: 1]

  # Text in arguments is UTF-8, whatever the locale; and schedulers with nothing
  # to do sleep at once, since several VMs share the cores.
  @vm "+fnu +sbwt none +sbwtdcpu none +sbwtdio none"

  @doc """
  Runs Elixir code to its end and returns what it printed. `:vm` are arguments
  of the VM, `:paths` those that `paths/0` gives otherwise, `:env` variables.
  """
  def run!(code, args \\ [], options \\ []) do
    system = [stderr_to_stdout: true, env: options[:env] || []]
    {output, status} = System.cmd(executable(), arguments(code, args, options), system)

    if status != 0, do: raise("the child VM failed with #{status}:\n#{output}")
    output
  end

  @doc """
  Starts Elixir code and goes on. The port it returns sends the caller each line
  that the code prints, up to 100 000 bytes, and its exit status. `options` are
  more of the port's, and `:nice` for one that works as long as it is there: it takes no time
  from those that come to an end.
  """
  def start(code, args, options \\ []) do
    {nice, options} = Enum.split_with(options, &(&1 == :nice))
    {program, before} = if nice == [], do: {executable(), []}, else: niced(executable())

    Port.open(
      {:spawn_executable, program},
      [:binary, :exit_status, line: 100_000, args: before ++ arguments(code, args)] ++ options
    )
  end

  @doc "Waits until a VM that was started says `line`."
  def await_line(port, line) do
    receive do
      {^port, {:data, {:eol, ^line}}} -> :ok
      {^port, {:exit_status, status}} -> flunk("the child VM ended with #{status}")
    end
  end

  @doc "Kills VMs that were started, as the system does when memory runs out."
  def kill(ports) do
    pids = for port <- List.wrap(ports), {:os_pid, pid} = Port.info(port, :os_pid), do: "#{pid}"
    {_, 0} = System.cmd("kill", ["-9" | pids])
  end

  @doc "Waits until a VM that was started is gone, whatever it says until then."
  def await_exit(port) do
    receive do
      {^port, {:exit_status, _}} -> :ok
      {^port, _} -> await_exit(port)
    end
  end

  defp arguments(code, args, options \\ []) do
    vm = for switches <- [@vm | options[:vm] || []], argument <- ["--erl", switches], do: argument
    vm ++ (options[:paths] || paths()) ++ ["-e", code | args]
  end

  defp niced(program), do: {System.find_executable("nice"), ["-n", "10", program]}

  # The `elixir` that belongs to this VM's Elixir.
  defp executable do
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
