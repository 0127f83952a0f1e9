defmodule PhoenixReplay.Native.RewriteCrashTest do
  use ExUnit.Case, async: true

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
    port = ChildVM.start(@killed, [opts[:path]], [:stderr_to_stdout])
    ChildVM.await_line(port, "up")

    if delay_ms == :done,
      do: ChildVM.await_line(port, "done"),
      else: Process.sleep(delay_ms)

    ChildVM.kill(port)
    ChildVM.await_exit(port)
  end
end
