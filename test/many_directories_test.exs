defmodule PhoenixReplay.Native.ManyDirectoriesTest do
  @moduledoc false
  # What a system keeps that uses many directories, one per tenant or per test.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.ChildVM

  @directories 100

  @child """
  [path] = System.argv()
  Logger.configure(level: :warning)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Native.{Directories, Nif}
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  count = fn what -> length(File.ls!("/proc/self/" <> what)) end
  settled = fn settled, condition -> condition.() || (Process.sleep(20); settled.(settled, condition)) end

  record = fn n ->
    opts = [path: Path.join(path, to_string(n)), idle_timeout_ms: 1_000]
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    [pid] = Session.start_many("s", 1, 3)
    Session.stop(pid)
    0 = Directories.run(opts, fn directory, _ -> Nif.store_drain(directory, 30_000) end)
  end

  record.(0)
  slabs = fn -> Path.wildcard(Path.join(path, "*/.native/slab-*"), match_dot: true) end
  settled.(settled, fn -> slabs.() == [] and Nif.directories_open() == [] end)
  {threads, fds} = {count.("task"), count.("fd")}
  for n <- 1..#{@directories}, do: record.(n)
  IO.puts("threads: " <> to_string(count.("task") - threads))
  settled.(settled, fn -> count.("fd") <= fds end)
  [] = Nif.directories_open()
  [] = Path.wildcard(Path.join(path, "*/.native/{slab,tmp}-*"), match_dot: true)
  for n <- 0..#{@directories} do
    [recording] = PhoenixReplay.Storage.File.list(path: Path.join(path, to_string(n)))
    3 = Session.check!(recording)
  end
  IO.puts("all there")
  """

  @tag timeout: 120_000
  test "threads are shared, and what is not used is given back" do
    output = ChildVM.run!(@child, [tmp_dir()])
    [_, threads] = Regex.run(~r/threads: (-?\d+)/, output)

    # Each directory had five of its own once. What is shared is as many as there is to do at once,
    # which is more on a busy machine, and at most these (`MAX_THREADS` in native/store/src/crew.rs).
    assert String.to_integer(threads) <= 64
    assert output =~ "all there"
  end
end
