defmodule PhoenixReplay.Native.SharingTest do
  @moduledoc false
  # Several VMs record into one directory at the same time, this one included.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0, drained: 1]

  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Native.{Shutdown, Store}
  alias PhoenixReplay.Storage.Native

  @nodes 3
  @sessions 40
  @events 25

  # All sessions of a node are in flight at once; it goes on when it is told.
  @child """
  [path, name] = System.argv()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  PhoenixReplay.Native.Test.Session.start_many(name, #{@sessions}, #{@events})
  IO.puts("in flight")
  IO.gets("")
  Application.stop(:phoenix_replay_native)
  """

  setup do
    opts = [path: tmp_dir()]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    on_exit(fn ->
      Application.delete_env(:phoenix_replay, :storage)
      Application.delete_env(:phoenix_replay, :storage_opts)
    end)

    %{opts: opts}
  end

  test "each node has a slab of its own, and nothing is mixed up or lost", %{opts: opts} do
    nodes = for n <- 1..(@nodes - 1), do: start_node(opts[:path], "node#{n}")
    here = Session.start_many("here", @sessions, @events)
    for port <- nodes, do: receive(do: ({^port, {:data, {:eol, "in flight"}}} -> :ok))

    slabs = Path.wildcard(Path.join(opts[:path], ".native/slab-*"), match_dot: true)
    assert length(slabs) == @nodes

    # A node sees its own sessions in flight, not those of the others.
    assert length(Store.list_active_summaries()) == @sessions

    for port <- nodes, do: Port.command(port, "go on\n")
    for port <- nodes, do: receive(do: ({^port, {:exit_status, 0}} -> :ok))
    for pid <- here, do: Session.stop(pid)
    drained(opts)
    :ok = Shutdown.run()

    recordings = Native.list(opts)
    assert length(recordings) == @nodes * @sessions
    for recording <- recordings, do: assert(Session.check!(recording) == @events)
  end

  defp start_node(path, name) do
    Port.open({:spawn_executable, ChildVM.executable()}, [
      :binary,
      :exit_status,
      line: 1000,
      args: ChildVM.paths() ++ ["-e", @child, path, name]
    ])
  end
end
