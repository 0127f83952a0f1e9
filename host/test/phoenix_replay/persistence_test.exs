defmodule PhoenixReplay.PersistenceTest do
  use PhoenixReplay.Case

  alias PhoenixReplay.{Persistence, Store}

  import ExUnit.CaptureLog

  setup do
    configure(persistence_retry_delay_ms: 1)
  end

  test "a failed save is tried again until it works, then the memory is freed" do
    StubStorage.use_in_test(save: [{:error, :enospc}, :raise, :ok])
    live = start_live(recording("a"))
    Agent.stop(live)

    for _attempt <- 1..3, do: assert_receive({:save, [%Recording{id: "a"}]})
    # Everything is listed after it, though there is no limit.
    assert_receive {:list, []}
    settle()
    assert Store.get_active("a") == :error
    refute_received {:save, _}
  end

  test "after the last attempt the failure is logged and the recording stays in memory" do
    configure(persistence_retry_attempts: 2)
    StubStorage.use_in_test(save: List.duplicate({:error, :enospc}, 3))

    log =
      capture_log(fn ->
        live = start_live(recording("a"))
        Agent.stop(live)
        for _attempt <- 1..2, do: assert_receive({:save, [_recording]})
        settle()
      end)

    refute_received {:save, _}

    assert log =~ ~s(recording "a" could not be saved: :enospc)
    assert {:ok, _recording} = Store.get_active("a")

    assert Store.delete_recording("a") == :ok
    assert {:ok, _recording} = Store.get_active("a")
  end

  test "save tries once and says what came of it" do
    StubStorage.use_in_test(save: [{:error, :enospc}, :raise])
    assert Persistence.save(recording("a")) == {:error, :enospc}
    assert Persistence.save(recording("a")) == {:error, :storage_unavailable}
    assert Persistence.save(recording("a")) == :ok
  end

  test "a backend that raises is logged, and the fallback returned" do
    StubStorage.use_in_test(
      get: [:raise],
      list: [:raise, :raise],
      clear: [:raise],
      delete: [:raise]
    )

    log =
      capture_log(fn ->
        assert Store.get_recording("a") == :error
        assert Store.list_recordings() == []
        assert Store.list_recording_summaries() == []
        assert Store.clear_all() == :ok
        assert Store.delete_recording("a") == :ok
      end)

    assert log =~ "PhoenixReplay.StubStorage.get failed: ** (RuntimeError) told to"
  end

  test "a backend that cannot be initialised is logged" do
    StubStorage.use_in_test(init: [{:error, :eacces}])

    log =
      capture_log(fn ->
        :ok = Supervisor.terminate_child(PhoenixReplay.Supervisor, Store)
        {:ok, _pid} = Supervisor.restart_child(PhoenixReplay.Supervisor, Store)
      end)

    assert log =~ ":eacces"
  end

  test "the store initialises the backend when it starts" do
    StubStorage.use_in_test()
    :ok = Supervisor.terminate_child(PhoenixReplay.Supervisor, Store)
    {:ok, _pid} = Supervisor.restart_child(PhoenixReplay.Supervisor, Store)
    assert_received {:init, []}
  end

  test "sessions reach the file backend and come back" do
    path = tmp_dir()
    configure(storage: PhoenixReplay.Storage.File, storage_opts: [path: path])
    recording = recording("a")
    start_live(recording)

    assert Store.finalize("a") == {:ok, recording}
    assert Store.get_recording("a") == {:ok, recording}
    assert [%{id: "a"}] = Store.list_recording_summaries()
    assert Store.delete_recording("a") == :ok
    assert Store.list_recordings() == []
  end
end
