defmodule PhoenixReplay.Native.SharingTest do
  @moduledoc false
  # Several VMs record into one directory at the same time, this one included.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings, only: [configured: 0, drained: 1]

  alias PhoenixReplay.Native.Test.{ChildVM, Session, Writer}
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

  # Saves and deletes its own recordings and looks at everybody's, and at the
  # end says what there is, as often as it is asked. What it says is read line by
  # line: nothing of the log may come between.
  @writer """
  Logger.configure(level: :none)
  [path, name] = System.argv()
  alias PhoenixReplay.Storage.Native
  opts = [path: path]
  :ok = Native.init(opts)
  IO.puts("ready")
  IO.gets("")
  PhoenixReplay.Native.Test.Writer.run(name, opts)
  IO.puts("done")
  IO.gets("")
  ids = opts |> Native.list_summaries() |> Enum.map(& &1.id) |> Enum.sort()
  IO.puts(Enum.join(ids, " "))
  """

  setup do
    configured()
  end

  test "each node has a slab of its own, and nothing is mixed up or lost", %{opts: opts} do
    nodes = for n <- 1..(@nodes - 1), do: ChildVM.start(@child, [opts[:path], "node#{n}"])
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

  test "VMs that save, list and delete in one directory at once agree in the end", %{opts: opts} do
    ports = for name <- ["a", "b"], do: ChildVM.start(@writer, [opts[:path], name])
    for port <- ports, do: assert(line(port) == "ready")
    for port <- ports, do: Port.command(port, "go on\n")
    Writer.run("here", opts)
    for port <- ports, do: assert(line(port) == "done")

    expected = ["a", "b", "here"] |> Enum.flat_map(&Writer.ids/1) |> Enum.sort()
    assert opts |> Native.list_summaries() |> Enum.map(& &1.id) |> Enum.sort() == expected
    for id <- expected, do: assert({:ok, %{id: ^id}} = Native.get(id, opts))
    for port <- ports, do: Port.command(port, "go on\n")
    for port <- ports, do: assert(String.split(line(port)) == expected)
  end

  defp line(port) do
    receive do
      {^port, {:data, {:eol, line}}} -> line
      {^port, {:exit_status, status}} -> flunk("the other VM ended with #{status}")
    end
  end
end
