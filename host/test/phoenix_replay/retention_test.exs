defmodule PhoenixReplay.RetentionTest do
  use PhoenixReplay.Case

  alias PhoenixReplay.{Retention, Store}
  alias PhoenixReplay.Storage.File, as: Backend

  setup do
    opts = [path: tmp_dir()]
    configure(storage: Backend, storage_opts: opts)
    %{opts: opts}
  end

  defp save(id, age_ms, opts) do
    connected_at = System.system_time(:millisecond) - age_ms
    :ok = Backend.save(recording(id, connected_at: connected_at), opts)
  end

  defp stored, do: Enum.map(Store.list_recordings(), & &1.id)

  test "without limits nothing is deleted", %{opts: opts} do
    save("old", 1_000_000_000, opts)
    assert Store.cleanup() == :ok
    assert stored() == ["old"]
  end

  test "the newest stay", %{opts: opts} do
    for n <- 1..5, do: save("age-#{n}", n * 1000, opts)
    configure(max_recordings: 2)
    assert Store.cleanup() == :ok
    assert stored() == ["age-1", "age-2"]
  end

  test "the old go", %{opts: opts} do
    save("young", 0, opts)
    save("old", 3_600_000, opts)
    configure(max_recording_age_ms: 1_800_000)
    assert Store.cleanup() == :ok
    assert stored() == ["young"]
  end

  test "a limit is exact" do
    summaries = for at <- [30, 20, 10], do: %{id: "#{at}", connected_at: at, active?: false}
    assert Retention.expired(summaries, 40, nil, 20) == ["10"]
    assert Retention.expired(summaries, 40, 3, 30) == []
    assert Retention.expired(summaries, 40, 2, 10) == ["20", "10"]
    assert Retention.expired(Enum.reverse(summaries), 40, 0, nil) == ["30", "20", "10"]
    assert Retention.expired(summaries, 40, -1, 0) == []
    assert Retention.expired(summaries, 40, :many, 1.5) == []

    # What is in flight stays, but counts.
    in_flight = %{id: "in flight", connected_at: 35, active?: true}
    assert Retention.expired([in_flight | summaries], 40, 1, 1) == ["30", "20", "10"]
  end

  test "it runs after a saved session", %{opts: opts} do
    for n <- 1..3, do: save("age-#{n}", n * 1000, opts)
    configure(max_recordings: 1)
    live = start_live(recording("now", connected_at: System.system_time(:millisecond)))
    Agent.stop(live)
    await_unwatched("now")
    settle()
    assert stored() == ["now"]
  end

  test "it runs when asked to, without waiting", %{opts: opts} do
    save("a", 0, opts)
    configure(max_recordings: 0)
    assert Store.cleanup_async() == :ok
    settle()
    assert stored() == []
  end

  test "it runs at intervals" do
    StubStorage.use_in_test()
    configure(cleanup_interval_ms: 1)
    :ok = Supervisor.terminate_child(PhoenixReplay.Supervisor, Store)
    {:ok, _pid} = Supervisor.restart_child(PhoenixReplay.Supervisor, Store)

    for _run <- 1..3, do: assert_receive({:list, []})
  end

  test "what may not be seen is kept, whatever the limit", %{opts: opts} do
    for id <- ["a", "b"], do: save(id, 0, opts)
    configure(max_recordings: 0, authorize: &(&1.id == "b"))
    Store.cleanup()
    assert [%{id: "a"}] = Backend.list(opts)
  end
end
