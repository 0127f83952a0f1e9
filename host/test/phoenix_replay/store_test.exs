defmodule PhoenixReplay.StoreTest do
  use PhoenixReplay.Case

  alias PhoenixReplay.Store

  import ExUnit.CaptureLog

  setup do
    StubStorage.use_in_test()
    %{id: "id-#{System.unique_integer([:positive])}"}
  end

  test "events come after the initial ones, in order", %{id: id} do
    live = start_live(recording(id, events: [mount(0)]))
    for offset <- 1..300, do: assert(append(live, id, click(offset)) == offset - 1)

    assert {:ok, %{id: ^id, events: events}} = Store.get_active(id)
    assert Enum.map(events, &elem(&1, 0)) == Enum.to_list(0..300)
  end

  test "a process that ends has its recording saved, whatever the reason", %{id: id} do
    for {reason, n} <- Enum.with_index([:normal, :shutdown, :kill, :crash]) do
      id = "#{id}-#{n}"
      live = start_live(recording(id, events: [mount(0)]))
      append(live, id, click(7))
      if reason == :normal, do: Agent.stop(live), else: Process.exit(live, reason)

      assert_receive {:save, [%Recording{id: ^id, events: [{0, :mount, _}, {7, :event, _}]}]}
      settle()
      assert Store.get_active(id) == :error
    end
  end

  test "a recording the user did nothing in is dropped", %{id: id} do
    live = start_live(recording(id, events: [mount(0), navigation(0)]))
    assert Store.finalize(id) |> elem(0) == :ok
    assert Store.get_active(id) == :error
    Agent.stop(live)

    settle()
    refute_received {:save, _}
  end

  test "an idle process that ends leaves nothing", %{id: id} do
    live = start_live(recording(id, events: [mount(0)]))
    settle()
    :erlang.trace(Process.whereis(Store), true, [:receive])
    Agent.stop(live)
    assert_receive {:trace, _store, :receive, {:DOWN, _ref, :process, ^live, :normal}}
    :erlang.trace(Process.whereis(Store), false, [:receive])

    settle()
    assert Store.get_active(id) == :error
    refute_received {:save, _}
  end

  test "finalize saves before it returns", %{id: id} do
    live = start_live(recording(id, events: [mount(0)]))
    append(live, id, click(7))

    assert {:ok, %Recording{id: ^id, events: [_, _]} = recording} = Store.finalize(id)
    assert_received {:save, [^recording]}
    assert Store.get_active(id) == :error
    assert Store.list_active_summaries() == []

    Agent.stop(live)
    settle()
    refute_received {:save, _}
  end

  test "finalize does not end the appending, but what comes goes nowhere", %{id: id} do
    live = start_live(recording(id))
    assert {:ok, _recording} = Store.finalize(id)
    assert append(live, id, click(1)) == 0
    assert Store.get_active(id) == :error
    assert Store.finalize(id) == :error
  end

  test "finalize deletes nothing beyond the limits", %{id: id} do
    configure(max_recordings: 0)
    start_live(recording(id))
    assert {:ok, _recording} = Store.finalize(id)
    settle()
    refute_received {:list, []}
  end

  test "an id that is started again goes on from its first event", %{id: id} do
    live = start_live(recording(id, events: [], url: "first"))
    for offset <- 1..3, do: append(live, id, click(offset))

    Agent.get(live, fn _ ->
      Store.start_recording(id, recording(id, events: [], url: "second"))
    end)

    assert append(live, id, click(9)) == 0

    assert {:ok, %{url: "second", events: events}} = Store.get_active(id)
    assert Enum.map(events, &elem(&1, 0)) == [9, 2, 3]
  end

  test "any term is an id, and any an event" do
    live = start_live(recording(:id, events: []))
    assert append(live, :id, {1.5, :event, %{}}) == 0
    assert append(live, :id, :not_an_event) == 1
    assert {:ok, %{events: [{1.5, :event, %{}}, :not_an_event]}} = Store.get_active(:id)
    assert Store.get_active(nil) == :error
  end

  test "events that are nil are an exception when the recording is put together", %{id: id} do
    start_live(recording(id, events: nil))
    assert_raise ArgumentError, fn -> Store.get_active(id) end
  end

  test "finalize of an unknown recording is an error" do
    assert Store.finalize("unknown") == :error
  end

  test "a failed finalize keeps the recording, which can be finalized later", %{id: id} do
    StubStorage.script(save: [{:error, :enospc}])
    start_live(recording(id))

    assert Store.finalize(id) == {:error, :enospc}
    assert {:ok, _recording} = Store.get_active(id)
    assert {:ok, _recording} = Store.finalize(id)
    assert Store.get_active(id) == :error
  end

  test "events beyond the limit are dropped", %{id: id} do
    configure(max_events: 3)
    live = start_live(recording(id, events: [mount(0)]))
    assert for(offset <- 1..5, do: append(live, id, click(offset))) == [0, 1, 2, nil, nil]

    {:ok, %{events: events}} = Store.get_active(id)
    assert Enum.map(events, &elem(&1, 0)) == [0, 1, 2, 3]
  end

  test "each process counts for itself, whatever it appends to", %{id: id} do
    [one, other] = for end_ <- ["-1", "-2"], do: recording(id <> end_, events: [])
    live = start_live(one)
    start_live(other)
    assert append(live, one.id, click(1)) == 0
    assert append(live, other.id, click(2)) == 1

    # It has counted nothing yet, and writes over the first event.
    Task.await(Task.async(fn -> assert Store.append_event(one.id, click(3)) == nil end))
    assert {:ok, %{events: [{3, _, _}]}} = Store.get_active(one.id)
    assert {:ok, %{events: [{2, _, _}]}} = Store.get_active(other.id)
  end

  test "what is appended to no recording is nowhere" do
    assert Task.await(Task.async(fn -> Store.append_event("unknown", click(1)) end)) == nil
    assert Store.get_active("unknown") == :error
    PhoenixReplay.Store.Active.delete("unknown")
  end

  test "recordings do not mix, even when one id begins with another", %{id: id} do
    ids = [id, id <> "\0", id <> "x", ""]

    lives =
      for {id, n} <- Enum.with_index(ids), do: {id, n, start_live(recording(id, events: []))}

    for offset <- 1..20, {id, n, live} <- lives, do: append(live, id, click(offset * 10 + n))

    for {id, n, _live} <- lives do
      {:ok, %{events: events}} = Store.get_active(id)
      assert Enum.map(events, &elem(&1, 0)) == for(offset <- 1..20, do: offset * 10 + n)
    end
  end

  test "what is in flight is listed newest first, if it has user events", %{id: id} do
    start_live(recording(id <> "old", connected_at: 1))
    start_live(recording(id <> "new", connected_at: 3))
    start_live(recording(id <> "idle", connected_at: 2, events: [mount(0)]))

    assert Enum.map(Store.list_active(), & &1.connected_at) == [3, 1]

    assert [
             %{connected_at: 3, active?: true, event_count: 2, duration_ms: 12},
             %{connected_at: 1}
           ] = Store.list_active_summaries()
  end

  test "hundreds of sessions at once all arrive", %{id: id} do
    for n <- 1..200 do
      spawn(fn ->
        id = "#{id}-#{n}"
        Store.start_recording(id, recording(id, events: [mount(0)]))
        for offset <- 1..20, do: Store.append_event(id, click(offset))
      end)
    end

    for n <- 1..200 do
      id = "#{id}-#{n}"
      assert_receive {:save, [%Recording{id: ^id, events: events}]}
      assert length(events) == 21
    end

    settle()
    assert Store.list_active() == []
  end

  test "what may not be seen is not there", %{id: id} do
    hidden = recording("hidden")
    seen = recording("seen")

    StubStorage.script(
      get: [{:ok, hidden}, {:ok, seen}],
      list: [[hidden, seen], [hidden, seen]]
    )

    configure(authorize: fn %Recording{} = recording -> recording.id == "seen" end)
    start_live(recording(id))

    assert Store.get_recording("hidden") == :error
    assert Store.get_recording("seen") == {:ok, seen}
    assert Store.list_recordings() == [seen]
    assert [%{id: "seen"}] = Store.list_recording_summaries()
    assert Store.get_active(id) == :error
    assert Store.list_active() == []
    assert Store.list_active_summaries() == []
  end

  test "delete and clear reach the backend" do
    assert Store.delete_recording("a") == :ok
    assert_received {:delete, ["a"]}
    assert Store.clear_all() == :ok
    assert_received {:clear, []}
  end

  test "delete leaves a recording in flight alone", %{id: id} do
    start_live(recording(id))
    assert Store.delete_recording(id) == :ok
    assert {:ok, _recording} = Store.get_active(id)
  end

  test "what is in flight is judged in full, what is listed by its summary", %{id: id} do
    StubStorage.script(list: [[recording("stored", session: %{"org" => 1})]])
    configure(authorize: &(&1.session["org"] == 1))
    start_live(recording(id, session: %{"org" => 1}))

    assert {:ok, _recording} = Store.get_active(id)
    assert [%{id: ^id}] = Store.list_active_summaries()
    assert Store.list_recording_summaries() == []
  end

  test "without a table appending is an error that is logged" do
    :ok = Supervisor.terminate_child(PhoenixReplay.Supervisor, Store)
    on_exit(fn -> Supervisor.restart_child(PhoenixReplay.Supervisor, Store) end)

    log =
      capture_log(fn ->
        assert Store.append_event("a", click(1)) == :error
        assert_raise ArgumentError, fn -> Store.start_recording("a", recording("a")) end
        assert_raise ArgumentError, fn -> Store.get_active("a") end
      end)

    assert log =~ "PhoenixReplay.Store is not running"
  end
end
