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
    settle()
    assert Store.get_active("a") == :error
    refute_received {:save, _}
  end

  test "after the last retry the failure is logged and the recording stays in memory" do
    configure(persistence_retry_attempts: 2)
    StubStorage.use_in_test(save: List.duplicate({:error, :enospc}, 3))

    log =
      capture_log(fn ->
        live = start_live(recording("a"))
        Agent.stop(live)
        for _attempt <- 1..3, do: assert_receive({:save, [_recording]})
        settle()
      end)

    assert log =~ ~s(recording "a" could not be saved: :enospc)
    assert {:ok, _recording} = Store.get_active("a")

    assert Store.delete_recording("a") == :ok
    assert Store.get_active("a") == :error
  end

  test "save tries once and says what came of it" do
    StubStorage.use_in_test(save: [{:error, :enospc}, :what, :raise])
    assert Persistence.save(recording("a")) == {:error, :enospc}
    assert Persistence.save(recording("a")) == {:error, {:bad_return, :what}}
    assert Persistence.save(recording("a")) == {:error, :storage_failed}
    assert Persistence.save(recording("a")) == :ok
  end

  test "a backend that raises is logged, and the fallback returned" do
    StubStorage.use_in_test(get: [:raise], list: [:raise, :raise], clear: [:raise])

    log =
      capture_log(fn ->
        assert Store.get_recording("a") == :error
        assert Store.list_recordings() == []
        assert Store.list_recording_summaries() == []
        assert Store.clear_all() == {:error, :storage_failed}
      end)

    assert log =~ "PhoenixReplay.StubStorage.get failed: ** (RuntimeError) told to"
  end

  test "a backend that cannot be initialised is logged" do
    StubStorage.use_in_test(init: [{:error, :eacces}])
    assert capture_log(fn -> Persistence.init_storage() end) =~ ":eacces"
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
