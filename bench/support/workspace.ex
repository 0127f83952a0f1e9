defmodule Bench.Workspace do
  @moduledoc """
  The directory of a run.

  Nothing in it is deleted before the run is over: on ext4, for about a minute
  after many files were deleted, each new one costs some hundred microseconds,
  and whoever is measured next would pay.
  """

  @doc "Makes an empty directory, in `BENCH_DIR` or the system's temporary one."
  @spec create() :: Path.t()
  def create do
    parent = System.get_env("BENCH_DIR") || System.tmp_dir!()
    path = Path.expand(Path.join(parent, "phoenix_replay-bench-#{System.pid()}"))
    File.mkdir_p!(path)
    path
  end

  @spec remove(Path.t()) :: :ok
  def remove(path) do
    Bench.Report.note("removing #{path}; files made within the next minute may cost more")
    File.rm_rf!(path)
    :ok
  end

  @doc "A new, empty directory for one use."
  @spec directory(Bench.Run.t(), String.t()) :: Path.t()
  def directory(run, name) do
    path = Path.join(run.workspace, "#{name}-#{System.unique_integer([:positive])}")
    File.mkdir_p!(path)
    path
  end

  @doc """
  Waits until everything written so far is on the disk. Without it, whoever
  syncs next also waits for what the one before has left in the cache.
  """
  @spec settle() :: :ok
  def settle do
    {_, 0} = System.cmd("sync", [])
    :ok
  end
end
