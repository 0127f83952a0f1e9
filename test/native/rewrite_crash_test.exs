defmodule PhoenixReplay.Native.RewriteCrashTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage.Native, as: Storage

  @killed """
  [path] = System.argv()
  opts = [path: path]
  for n <- 1..150 do
    recording = %{PhoenixReplay.Native.Test.Session.recording("r\#{n}") | url: "http://secret/"}
    :ok = PhoenixReplay.Storage.Native.save(recording, opts)
  end

  :ok = :file.write(:standard_io, "up\\n")

  mask = fn
    %{id: "r1" <> _} -> :drop
    recording -> {:ok, %{recording | url: "http://masked/"}}
  end

  {:ok, _} = PhoenixReplay.Native.rewrite([], mask, [], opts)
  :ok = :file.write(:standard_io, "done\\n")
  Process.sleep(:infinity)
  """

  @tag timeout: 300_000
  test "killed at any moment, each recording is the old or the new one" do
    outcomes =
      for delay_ms <- [0, 5, 15, 30, 60, 120, :done] do
        opts = [path: tmp_dir()]
        kill_while_rewriting(opts, delay_ms)
        :ok = Storage.init(opts)
        found = Storage.list(opts)
        assert {:ok, %{damaged: []}} = Native.verify([], opts)
        {old, new} = Enum.split_with(found, &(&1.url == "http://secret/"))
        assert Enum.all?(new, &(&1.url == "http://masked/"))
        refute Enum.any?(new, &String.starts_with?(&1.id, "r1"))
        assert Path.wildcard(opts[:path] <> "/.native/*/{tmp,erase}-*") == []

        # What the index had of those that are gone.
        index = File.read!(opts[:path] <> "/.native/index")
        if old == [], do: refute(index =~ "secret")
        {length(old), length(new)}
      end

    assert {0, 88} in outcomes
    assert Enum.any?(outcomes, fn {old, _new} -> old > 0 end)
  end

  defp kill_while_rewriting(opts, delay_ms) do
    port =
      Port.open({:spawn_executable, ChildVM.executable()}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        line: 1000,
        args: ChildVM.paths() ++ ["-e", @killed, opts[:path]]
      ])

    {:os_pid, os_pid} = Port.info(port, :os_pid)
    receive do: ({^port, {:data, {:eol, "up"}}} -> :ok)

    if delay_ms == :done,
      do: receive(do: ({^port, {:data, {:eol, "done"}}} -> :ok)),
      else: Process.sleep(delay_ms)

    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    await_exit(port)
  end

  defp await_exit(port) do
    receive do
      {^port, {:exit_status, _}} -> :ok
      {^port, _} -> await_exit(port)
    end
  end
end
