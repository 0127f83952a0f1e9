defmodule PhoenixReplay.Native.StoreTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  setup do
    opts = [path: tmp_dir()]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    on_exit(fn ->
      for key <- [:storage, :storage_opts, :max_events, :authorize],
          do: Application.delete_env(:phoenix_replay, key)
    end)

    %{opts: opts, id: id()}
  end

  # Runs `fun` in a session of its own, which goes on until `stop/1`.
  defp session(fun) do
    parent = self()

    pid =
      spawn(fn ->
        send(parent, {self(), fun.()})
        receive do: (:stop -> :ok)
      end)

    receive do: ({^pid, _result} -> pid)
  end

  defp stop(pid) do
    ref = Process.monitor(pid)
    send(pid, :stop)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
  end

  defp recorded(id, count) do
    session(fn ->
      :ok = Store.start_recording(id, Session.recording(id))
      for n <- 1..count//1, do: :ok = Store.append_event(id, Session.event(id, n))
    end)
  end

  test "a recording is active while its process lives, and stored after", %{id: id, opts: opts} do
    pid = recorded(id, 50)

    assert {:ok, active} = Store.get_active(id)
    assert Session.check!(active) == 50
    assert Store.list_active() == [active]
    assert [%{id: ^id, active?: true, event_count: 51}] = Store.list_active_summaries()
    assert Store.list_recording_summaries() == []
    assert [%{id: ^id, active?: true}] = Native.list_summaries(opts)
    assert Native.get(id, opts) == {:ok, active}

    stop(pid)
    drained(opts)
    assert Store.get_active(id) == :error
    assert Store.list_active_summaries() == []
    assert Store.get_recording(id) == {:ok, active}
    assert Store.list_recordings() == [active]
    assert Store.list_recording_summaries() == [summary(active)]
    assert PhoenixReplay.Storage.File.get(id, opts) == {:ok, active}
  end

  test "a process that is killed leaves its recording complete", %{id: id, opts: opts} do
    pid = recorded(id, 7)
    ref = Process.monitor(pid)
    Process.exit(pid, :kill)
    receive do: ({:DOWN, ^ref, _, _, :killed} -> :ok)
    drained(opts)
    assert {:ok, recording} = Store.get_recording(id)
    assert Session.check!(recording) == 7
  end

  test "sessions without user events are dropped", %{id: id, opts: opts} do
    pid =
      session(fn ->
        :ok = Store.start_recording(id, Session.recording(id))
        :ok = Store.append_event(id, {1, :handle_params, %{params: %{}, url: "/"}})
        :ok = Store.append_event(id, {2, :info, %{}})
      end)

    assert Store.list_active_summaries() == []
    assert {:ok, _} = Store.get_active(id)
    stop(pid)
    drained(opts)
    assert Store.get_recording(id) == :error
    assert Store.get_active(id) == :error
  end

  test "two handle_params are worth keeping", %{id: id, opts: opts} do
    pid =
      session(fn ->
        :ok = Store.start_recording(id, Session.recording(id))
        for n <- 1..2, do: Store.append_event(id, {n, :handle_params, %{params: %{}, url: "/"}})
      end)

    stop(pid)
    drained(opts)
    assert {:ok, %{events: [_, _, _]}} = Store.get_recording(id)
  end

  test "any process may append, and a process may have several recordings", %{opts: opts} do
    ids = for _ <- 1..3, do: id()

    pid =
      session(fn ->
        for id <- ids, do: :ok = Store.start_recording(id, Session.recording(id))
        for n <- 1..20, id <- ids, do: :ok = Store.append_event(id, Session.event(id, n))
      end)

    for id <- ids do
      task = Task.async(fn -> :ok = Store.append_event(id, Session.event(id, 21)) end)
      Task.await(task, :infinity)
    end

    stop(pid)
    drained(opts)

    for id <- ids do
      assert {:ok, recording} = Store.get_recording(id)
      assert Session.check!(recording) == 21
    end
  end

  test "many processes appending to one recording lose nothing", %{id: id, opts: opts} do
    pid = recorded(id, 0)

    1..8
    |> Task.async_stream(
      fn w ->
        for n <- 1..200,
            do: :ok = Store.append_event(id, {n, :event, %{name: "w#{w}", params: %{}}})
      end,
      timeout: :infinity
    )
    |> Stream.run()

    stop(pid)
    drained(opts)
    {:ok, %{events: [_ | events]}} = Store.get_recording(id)
    by_writer = Enum.group_by(events, fn {_, _, %{name: name}} -> name end, &elem(&1, 0))
    assert map_size(by_writer) == 8
    for {_, numbers} <- by_writer, do: assert(numbers == Enum.to_list(1..200))
  end

  test "max_events is a limit, and the summary says that it was reached", %{id: id, opts: opts} do
    Application.put_env(:phoenix_replay, :max_events, 5)
    pid = recorded(id, 5)
    assert Store.append_event(id, Session.event(id, 6)) == {:error, :max_events}
    assert Store.append_event(id, Session.event(id, 7)) == {:error, :max_events}
    assert [%{truncated?: true, event_count: 6}] = Native.list_summaries(opts)
    stop(pid)
    drained(opts)
    assert [%{truncated?: true, event_count: 6}] = Native.list_summaries(opts)
    assert {:ok, recording} = Store.get_recording(id)
    assert Session.check!(recording) == 5
    # The flag is in the file, where the other backend passes it by.
    assert PhoenixReplay.Storage.File.get(id, opts) == {:ok, recording}
  end

  test "finalize saves at once and ends the recording", %{id: id} do
    pid = recorded(id, 3)
    assert {:ok, recording} = Store.finalize(id)
    assert Session.check!(recording) == 3
    assert Store.get_recording(id) == {:ok, recording}
    assert Store.finalize(id) == :error
    assert Store.finalize("unknown") == :error
    assert {:error, reason} = Store.append_event(id, Session.event(id, 4))
    assert reason in [:ended, :not_found]
    stop(pid)
    assert Store.get_recording(id) == {:ok, recording}
  end

  test "who remembers a recording that has ended appends to its successor", %{id: id, opts: opts} do
    first = recorded(id, 2)
    assert Store.append_event(id, Session.event(id, 3)) == :ok
    assert {:ok, _} = Store.finalize(id)
    assert {:error, :ended} = Store.append_event(id, Session.event(id, 4))
    second = recorded(id, 0)
    assert Store.append_event(id, Session.event(id, 1)) == :ok
    for pid <- [second, first], do: stop(pid)
    drained(opts)
    assert {:ok, recording} = Store.get_recording(id)
    assert Session.check!(recording) == 1
  end

  test "deleting an active recording discards it", %{id: id, opts: opts} do
    pid = recorded(id, 3)
    assert Store.delete_recording(id) == :ok
    assert Store.get_active(id) == :error
    assert {:error, _} = Store.append_event(id, Session.event(id, 4))
    stop(pid)
    drained(opts)
    assert Store.get_recording(id) == :error
    assert Native.list_summaries(opts) == []
  end

  test "clear leaves active recordings alone", %{id: id, opts: opts} do
    stored = id()
    stored |> recorded(2) |> stop()
    drained(opts)
    pid = recorded(id, 3)
    assert Store.clear_all() == :ok
    assert Store.get_recording(stored) == :error
    assert [%{id: ^id, active?: true}] = Native.list_summaries(opts)
    stop(pid)
    drained(opts)
    assert {:ok, _} = Store.get_recording(id)
  end

  test "an id in use can't be started again, and the first goes on", %{id: id, opts: opts} do
    pid = recorded(id, 3)

    log =
      ExUnit.CaptureLog.capture_log(fn ->
        assert Store.start_recording(id, Session.recording(id)) == :error
      end)

    assert log =~ "can't be started"
    assert Store.append_event(id, Session.event(id, 4)) == :ok
    stop(pid)
    drained(opts)
    assert {:ok, recording} = Store.get_recording(id)
    assert Session.check!(recording) == 4
  end

  test "events of any size go through, those too large for a scheduler too", %{id: id, opts: opts} do
    big = fn n ->
      {n, :event, %{name: "big", params: %{"text" => String.duplicate("#{n}", 3_000_000)}}}
    end

    many = {4, :event, %{name: "many", params: Map.new(1..200_000, &{"k#{&1}", &1})}}

    deep =
      {5, :event,
       %{name: "deep", params: Enum.reduce(1..200_000, %{}, fn _, m -> %{"m" => m} end)}}

    funs = {6, :event, %{name: "funs", params: %{f: &String.length/1, r: make_ref(), p: self()}}}
    expected = Enum.map(1..3, big) ++ [many, deep, funs]

    pid =
      session(fn ->
        :ok = Store.start_recording(id, Session.recording(id))
        for event <- expected, do: :ok = Store.append_event(id, event)
      end)

    stop(pid)
    drained(opts)
    assert {:ok, %{events: [_ | events]}} = Store.get_recording(id)
    assert events == expected
  end

  test "what is not an event is refused, and the recording goes on", %{id: id, opts: opts} do
    pid = recorded(id, 2)

    for wrong <- [{}, {1, :event}, :event, {"now", :event, %{}}, {1, 2, %{}}] do
      assert Store.append_event(id, wrong) == {:error, {:invalid_recording, :events}}
    end

    assert Store.append_event("unknown", Session.event(id, 1)) == {:error, :not_found}
    stop(pid)
    drained(opts)
    assert {:ok, recording} = Store.get_recording(id)
    assert Session.check!(recording) == 2
  end

  test "the host's authorization applies to active recordings", %{id: id, opts: opts} do
    pid = recorded(id, 2)
    Application.put_env(:phoenix_replay, :authorize, &(&1.url != "http://localhost/" <> id))
    assert Store.get_active(id) == :error
    assert Store.list_active() == []
    assert Store.list_active_summaries() == []
    Application.delete_env(:phoenix_replay, :authorize)
    assert {:ok, _} = Store.get_active(id)
    stop(pid)
    drained(opts)
  end

  test "a max_events that is no number is no limit, as with the host", %{id: id, opts: opts} do
    for max <- [:infinity, nil, "1", [], 1.0e300, 0xFFFF_FFFF_FFFF] do
      Application.put_env(:phoenix_replay, :max_events, max)
      id |> recorded(4) |> stop()
      drained(opts)
      assert [%{event_count: 5} = summary] = Native.list_summaries(opts)
      refute Map.has_key?(summary, :truncated?)
    end
  end

  test "a max_events between two numbers is the upper one, as with the host", %{
    id: id,
    opts: opts
  } do
    for {max, count} <- [{1.5, 2}, {2.0, 2}, {0.0, 0}, {-1.5, 0}, {-7, 0}] do
      Application.put_env(:phoenix_replay, :max_events, max)
      id = "#{id}#{max}"
      pid = recorded(id, count)
      assert Store.append_event(id, Session.event(id, count + 1)) == {:error, :max_events}
      stop(pid)
    end

    drained(opts)
  end

  test "recordings in flight go to JSON as well", %{id: id, opts: opts} do
    # Also in a directory that was opened with the other format before.
    :ok = Native.init(opts)
    opts = Keyword.put(opts, :format, :json)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    id |> recorded(4) |> stop()
    drained(opts)
    assert File.exists?(Path.join(opts[:path], id <> ".json.gz"))
    assert {:ok, %{events: events}} = Store.get_recording(id)
    assert {4, :event, %{"name" => "e4"}} = List.last(events)
  end

  test "another backend is an error that names the setting" do
    Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.File)

    log =
      ExUnit.CaptureLog.capture_log(fn ->
        assert Store.start_recording("id", Session.recording("id")) == :error
      end)

    assert log =~ "PhoenixReplay.Storage.Native"
    assert {:error, {:wrong_storage, _}} = Store.append_event("id", {1, :event, %{}})
    assert Store.list_active_summaries() == []
  end

  test "appending assigns fails as appending does", %{id: id} do
    recorded(id, 1)
    assert Store.append_event("unknown", {1, :assigns, %{delta: %{}}}) == {:error, :not_found}

    for offset <- [nil, "1", %{}] do
      assert Store.append_event(id, {offset, :assigns, %{delta: %{a: [1, 2]}}}) ==
               {:error, {:invalid_recording, :events}}
    end

    assert ExUnit.CaptureLog.capture_log(fn -> Store.finalize(id) end) == ""

    assert {:error, reason} = Store.append_event(id, {1, :assigns, %{delta: %{a: [1]}}})
    assert reason in [:ended, :not_found]
  end

  test "a thousand sessions ending at once are all saved", %{opts: opts} do
    pids = for n <- 1..1000, do: recorded("many-#{n}", 20)
    Enum.each(pids, &send(&1, :stop))
    wait_until(fn -> Enum.all?(pids, &(not Process.alive?(&1))) end)
    drained(opts)
    summaries = Native.list_summaries(opts)
    assert length(summaries) == 1000
    assert Enum.all?(summaries, &(&1.event_count == 21 and not &1.active?))
    assert {:ok, recording} = Native.get("many-777", opts)
    assert Session.check!(recording) == 20

    # What they took is free again, and given back but for a small reserve.
    {:ok, {store, _}} = PhoenixReplay.Native.Directories.fetch(opts)
    assert {0, _total} = PhoenixReplay.Native.Nif.store_slab(store)
    :ok = PhoenixReplay.Native.Nif.store_trim(store)
    assert {0, total} = PhoenixReplay.Native.Nif.store_slab(store)
    assert total <= 16 * 1024 * 1024
  end

  defp wait_until(fun) do
    if not fun.() do
      Process.sleep(5)
      wait_until(fun)
    end
  end
end
