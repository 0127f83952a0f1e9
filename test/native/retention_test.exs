defmodule PhoenixReplay.Native.RetentionTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Native.{Store, Telemetry}
  alias PhoenixReplay.Storage.Native

  setup do
    path = tmp_dir()
    Application.put_env(:phoenix_replay, :storage, Native)
    on_exit(fn -> clear([:storage, :storage_opts, :max_recordings, :max_recording_age_ms]) end)
    %{path: path}
  end

  defp clear(keys), do: for(key <- keys, do: Application.delete_env(:phoenix_replay, key))

  defp configured(opts) do
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    opts
  end

  defp stored(opts) do
    for %{id: id, active?: false} <- Native.list_summaries(opts), do: id
  end

  # Deleting goes on in the background.
  defp wait_until_stored(opts, ids, patience \\ 2000) do
    case stored(opts) do
      ^ids ->
        :ok

      others ->
        if patience == 0, do: flunk("#{inspect(others)} instead of #{inspect(ids)}")
        Process.sleep(5)
        wait_until_stored(opts, ids, patience - 1)
    end
  end

  test "the newest :max_recordings stay, whoever saved them", %{path: path} do
    opts = configured(path: path, max_recordings: 3)
    for n <- [5, 1, 4], do: :ok = Native.save(recording(id: "r#{n}", connected_at: n), opts)

    for n <- [3, 2, 6],
        do: :ok = PhoenixReplay.Storage.File.save(recording(id: "r#{n}", connected_at: n), opts)

    wait_until_stored(opts, ["r6", "r5", "r4"])
    assert length(PhoenixReplay.Storage.File.list(opts)) == 3
    {:ok, %{evicted: evicted}} = PhoenixReplay.Native.stats()
    assert %{max_recordings: %{count: 3, bytes: bytes}, max_age_ms: %{count: 0}} = evicted
    assert bytes > 0
  end

  test "the host's limits apply where the options have none", %{path: path} do
    Application.put_env(:phoenix_replay, :max_recordings, 2)
    Application.put_env(:phoenix_replay, :max_recording_age_ms, 3_600_000)
    opts = configured(path: path)
    now = System.system_time(:millisecond)
    ages = %{"old" => 4_000_000, "a" => 3_000_000, "b" => 2_000_000, "c" => 1_000_000}

    for {id, age} <- Enum.sort(ages, :desc),
        do: :ok = Native.save(recording(id: id, connected_at: now - age), opts)

    wait_until_stored(opts, ["c", "b"])

    unlimited = [path: tmp_dir(), max_recordings: :infinity, max_age_ms: nil]

    for {id, age} <- ages,
        do: :ok = Native.save(recording(id: id, connected_at: now - age), unlimited)

    Process.sleep(50)
    assert stored(unlimited) == ["c", "b", "a", "old"]
  end

  test ":max_bytes is about the files together", %{path: path} do
    :ok = Native.save(recording(id: "a", connected_at: 1), path: path)
    [file] = Path.wildcard(path <> "/*.gz")
    opts = configured(path: tmp_dir(), max_bytes: (File.stat!(file).size * 5) |> div(2))
    for n <- 1..5, do: :ok = Native.save(recording(id: "#{n}", connected_at: n), opts)
    wait_until_stored(opts, ["5", "4"])
  end

  test "sessions in flight go on, and count once they are saved", %{path: path} do
    opts = configured(path: path, max_recordings: 2)
    [running] = Session.start_many("running", 1, 3)
    for pid <- Session.start_many("ended", 3, 3), do: Session.stop(pid)
    drained(opts, 1)
    wait_until_stored(opts, ["ended-1", "ended-2"])
    assert [%{id: "running-1"}] = Store.list_active_summaries()
    assert Store.append_event("running-1", Session.event("running-1", 4)) == :ok
    assert {:ok, recording} = Store.get_active("running-1")
    assert Session.check!(recording) == 4

    # The last by id of those that began at the same time.
    Session.stop(running)
    drained(opts)
    wait_until_stored(opts, ["ended-1", "ended-2"])
  end

  test "what is deleted is told to telemetry", %{path: path} do
    :telemetry.attach_many(path, Telemetry.events(), &__MODULE__.pass_on/4, self())
    on_exit(fn -> :telemetry.detach(path) end)
    opts = configured(path: path, max_recordings: 1)
    for n <- 1..2, do: :ok = Native.save(recording(id: "#{n}", connected_at: n), opts)
    assert_receive {:evicted, %{count: 1, bytes: bytes}, metadata}
    assert bytes > 0 and metadata == %{path: path, reason: :max_recordings}
  end

  def pass_on([_, _, event], measurements, metadata, pid),
    do: send(pid, {event, measurements, metadata})
end
