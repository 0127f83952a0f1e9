defmodule PhoenixReplay.Native.DeleteWhereTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.Native

  setup do
    configured()
  end

  test "what matches is gone from every file, and the rest is there", %{opts: opts} do
    erased = for n <- 1..3, do: recording(url: "http://localhost/?user=4711&n=#{n}")
    kept = recording(url: "http://localhost/?user=12")
    for recording <- [kept | erased], do: :ok = Native.save(recording, opts)
    pid = hd(Session.start_many("user=4711", 1, 50))
    assert files_with(opts, "user=4711") != []

    assert {:ok, %{count: 4, ids: ids, not_searched: []}} =
             PhoenixReplay.Native.delete_where([url: "user=4711"], [], opts)

    assert Enum.sort(ids) == Enum.sort(["user=4711-1" | Enum.map(erased, & &1.id)])
    assert [%{id: id}] = Native.list_summaries(opts)
    assert id == kept.id
    for needle <- ["user=4711" | ids], do: assert(files_with(opts, needle) == [])

    Session.stop(pid)
    drained(opts)
    assert [_kept] = Native.list(opts)

    assert {:ok, %{count: 0, ids: []}} =
             PhoenixReplay.Native.delete_where([url: "4711"], [], opts)

    assert {:ok, %{erased: 4}} = PhoenixReplay.Native.stats(opts)
  end

  test "filters that say nothing, or are none, are refused", %{opts: opts} do
    :ok = Native.save(recording(), opts)

    for filters <- [
          [],
          [id: ""],
          [url: "", id: ""],
          [min_events: 0],
          [min_duration_ms: 0],
          [from: 0],
          [from: ~U[1970-01-01 00:00:00Z], min_events: 0, url: ""],
          [max_events: 0xFFFF_FFFF],
          [to: 0x7FFF_FFFF_FFFF_FFFF, max_duration_ms: 0x7FFF_FFFF_FFFF_FFFF]
        ] do
      assert PhoenixReplay.Native.delete_where(filters, [], opts) == {:error, :no_filters}
    end

    # These do say something: that nothing matches.
    for filters <- [[event: []], [view: []], [view: [], min_events: 0]] do
      assert PhoenixReplay.Native.delete_where(filters, [], opts) ==
               {:ok, %{count: 0, ids: [], not_searched: []}}
    end

    assert {:error, {:unknown_filters, [:limit], _}} =
             PhoenixReplay.Native.delete_where([id: "a", limit: 1], [], opts)

    assert {:error, {:invalid_filter, :from, _}} =
             PhoenixReplay.Native.delete_where([from: "today"], [], opts)

    assert [_] = Native.list_summaries(opts)
  end

  @child """
  [path] = System.argv()
  opts = [path: path]
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  alias PhoenixReplay.Native.Test.Session

  for n <- 1..200 do
    recording = %{Session.recording("user-\#{n}") | events: [Session.event("user-\#{n}", 1)]}
    :ok = PhoenixReplay.Storage.Native.save(recording, opts)
  end

  Session.start_many("user-live", 20, 30)
  Session.start_many("other", 5, 30)
  :ok = :file.write(:standard_io, "up\\n")
  {:ok, _} = PhoenixReplay.Native.delete_where([id: "user-"], [], opts)
  :ok = :file.write(:standard_io, "erased\\n")
  Process.sleep(:infinity)
  """

  @tag timeout: 300_000
  test "killed at any moment, it is completed at the next start, or was not begun" do
    outcomes =
      for delay_ms <- [0, 1, 2, 4, 6, 10, 15, 25] do
        opts = [path: tmp_dir()]
        kill_while_erasing(opts, delay_ms)
        :ok = Native.init(opts)
        drained(opts)
        ids = for %{id: id} <- Native.list_summaries(opts), do: id
        {users, others} = Enum.split_with(ids, &String.starts_with?(&1, "user-"))
        assert length(others) == 5
        assert length(users) in [0, 220]
        if users == [], do: assert(files_with(opts, "user-") == [])
        users == []
      end

    assert true in outcomes
  end

  defp kill_while_erasing(opts, delay_ms) do
    port =
      Port.open({:spawn_executable, ChildVM.executable()}, [
        :binary,
        :exit_status,
        :stderr_to_stdout,
        line: 1000,
        args: ChildVM.paths() ++ ["-e", @child, opts[:path]]
      ])

    {:os_pid, os_pid} = Port.info(port, :os_pid)
    await_line(port, "up")
    Process.sleep(delay_ms)
    {_, 0} = System.cmd("kill", ["-9", "#{os_pid}"])
    await_exit(port)
  end

  defp await_line(port, line) do
    receive do
      {^port, {:data, {:eol, ^line}}} -> :ok
      {^port, {:exit_status, status}} -> flunk("the child VM ended with #{status}")
    after
      60_000 -> flunk("the child VM does not start")
    end
  end

  defp await_exit(port) do
    receive do
      {^port, {:exit_status, _}} -> :ok
      {^port, _} -> await_exit(port)
    end
  end

  # The files of the directory, hidden ones too, that mention it.
  defp files_with(opts, needle) do
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true),
        File.regular?(path),
        String.contains?(path, needle) or :binary.match(File.read!(path), needle) != :nomatch,
        do: path
  end
end
