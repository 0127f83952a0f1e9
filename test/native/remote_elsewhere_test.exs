defmodule PhoenixReplay.Native.RemoteElsewhereTest do
  @moduledoc false
  # Two nodes and a bucket of a server that the environment names, as `bin/remote-test` does:
  # REPLAY_REMOTE_ENDPOINT, _REGION, _BUCKET, _KEY and _SECRET. It may be in trouble meanwhile.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.{S3Server, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote
  @moduletag :elsewhere
  @moduletag :capture_log
  @moduletag timeout: 300_000

  setup do
    prefix = "test-#{id()}"
    [a, b] = for name <- ~w(a b), do: S3Server.elsewhere(prefix, name)
    %{a: a, b: b, prefix: prefix}
  end

  defp save(opts, overrides) do
    recording = recording([connected_at: 1_600_000_000_000] ++ overrides)
    :ok = Storage.save(recording, opts)
    recording
  end

  defp ids(opts), do: opts |> Storage.list_summaries() |> Enum.map(& &1.id) |> Enum.sort()
  defp sees(opts, ids), do: eventually(fn -> ids(opts) == Enum.sort(ids) end)

  # While the server is in trouble it may take more than one attempt.
  defp reads(opts, recording),
    do: eventually(fn -> Storage.get(recording.id, opts) == {:ok, recording} end)

  test "each lists and reads what the other has saved, and what is saved again", context do
    %{a: a, b: b, prefix: prefix} = context
    of_a = for n <- 1..30, do: save(a, url: "http://localhost/a/#{n}", events: 30)
    of_b = for n <- 1..5, do: save(b, url: "http://localhost/b/#{n}")
    all = Enum.map(of_a ++ of_b, & &1.id)
    for opts <- [a, b], do: sees(opts, all)
    for recording <- of_a, do: reads(b, recording)
    for recording <- of_b, do: reads(a, recording)

    changed = %{hd(of_a) | url: "http://localhost/changed"}
    :ok = Storage.save(changed, b)
    reads(a, changed)

    # Whoever comes later, with an empty directory.
    late = S3Server.elsewhere(prefix, "late")
    sees(late, all)
    reads(late, changed)
    assert {:ok, %{total: 1}} = Native.query([url: "changed"], [], late)
  end

  test "what one deletes, or erases, is gone for all", %{a: a, b: b, prefix: prefix} do
    [first | rest] = for n <- 1..9, do: save(a, id: "x-#{n}")
    kept = save(a, id: "kept")
    sees(b, ["kept" | Enum.map([first | rest], & &1.id)])
    :ok = Storage.delete(first.id, b)
    sees(a, ["kept" | Enum.map(rest, & &1.id)])

    erased = Native.delete_where([id: "x-"], [], b)

    with {:error, reason} <- erased do
      # It is in trouble just now: it is done here, and will be there.
      assert {:remote, _why} = reason
    else
      {:ok, %{nodes: %{confirmed: confirmed}}} -> assert confirmed != []
    end

    for opts <- [a, b], do: sees(opts, ["kept"])
    late = S3Server.elsewhere(prefix, "late")
    sees(late, ["kept"])
    reads(late, kept)

    for opts <- [a, b] do
      eventually(fn -> match?({:ok, %{remote: %{pending_deletes: 0}}}, Native.stats(opts)) end)
      assert files_with(opts, "x-2") == []
    end
  end

  test "sessions that end are put there, and nothing is left to do", %{a: a, b: b} do
    Application.put_env(:phoenix_replay, :storage, Storage)
    Application.put_env(:phoenix_replay, :storage_opts, a)

    on_exit(fn ->
      for key <- [:storage, :storage_opts], do: Application.delete_env(:phoenix_replay, key)
    end)

    pids = Session.start_many("session", 40, 5)
    for pid <- pids, do: Session.stop(pid)
    sees(b, for(n <- 1..40, do: "session-#{n}"))
    eventually(fn -> match?({:ok, %{pending_uploads: 0}}, Native.stats(a)) end)

    eventually(fn -> length(Storage.list(b)) == 40 end)
    for recording <- Storage.list(b), do: assert(Session.check!(recording) == 5)
  end
end
