defmodule PhoenixReplay.Native.RewriteCrashTest do
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage.Native, as: Storage

  @killed """
  [path, until] = System.argv()
  opts = [path: path]
  until = String.to_integer(until)
  changed = :counters.new(1, [])
  for n <- 1..150 do
    recording = %{PhoenixReplay.Native.Test.Session.recording("r\#{n}") | url: "http://secret/"}
    :ok = PhoenixReplay.Storage.Native.save(recording, opts)
  end

  :ok = :file.write(:standard_io, "up\\n")

  mask = fn recording ->
    :counters.add(changed, 1, 1)

    if :counters.get(changed, 1) == until do
      :ok = :file.write(:standard_io, "halfway\\n")
      Process.sleep(:infinity)
    end

    case recording do
      %{id: "r1" <> _} -> :drop
      recording -> {:ok, %{recording | url: "http://masked/"}}
    end
  end

  {:ok, _} = PhoenixReplay.Native.rewrite([], mask, [], opts)
  :ok = :file.write(:standard_io, "done\\n")
  Process.sleep(:infinity)
  """

  @tag timeout: 300_000
  test "killed at any moment, each recording is the old or the new one" do
    outcomes =
      for moment <- [0, 5, 15, 30, 60, 120, :halfway, :done] do
        opts = [path: tmp_dir()]
        kill_while_rewriting(opts, moment)
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

  # However busy the machine is, halfway there are some of both.
  defp kill_while_rewriting(opts, moment) do
    until = if moment == :halfway, do: 75, else: 0
    port = ChildVM.start(@killed, [opts[:path], "#{until}"], [:stderr_to_stdout])
    ChildVM.await_line(port, "up")

    if is_atom(moment),
      do: ChildVM.await_line(port, "#{moment}"),
      else: Process.sleep(moment)

    ChildVM.kill(port)
    ChildVM.await_exit(port)
  end
end
