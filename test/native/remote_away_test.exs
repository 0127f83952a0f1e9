defmodule PhoenixReplay.Native.RemoteAwayTest do
  @moduledoc false
  # What becomes of recordings while the bucket can't be had, and of what is secret about it.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.S3Server
  alias PhoenixReplay.Native.{Reporter, Telemetry}
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote
  @moduletag :capture_log

  setup do
    server = S3Server.start()
    more = [remote_opts: [timeout_ms: 500], drain_timeout_ms: 1_000]
    [a, b] = for name <- ~w(a b), do: S3Server.node(server, name, more)

    :telemetry.attach_many(
      a[:path],
      Telemetry.events(),
      &__MODULE__.pass_on/4,
      {self(), a[:path]}
    )

    on_exit(fn -> :telemetry.detach(a[:path]) end)
    %{server: server, a: a, b: b}
  end

  @doc false
  def pass_on([_, _, event], measurements, metadata, {pid, path}) do
    if metadata.path == path and event in [:remote_away, :remote_back],
      do: send(pid, {event, measurements, Map.delete(metadata, :path)})
  end

  defp save(opts, overrides \\ []) do
    recording = recording(overrides)
    :ok = Storage.save(recording, opts)
    recording
  end

  defp stats(opts) do
    {:ok, stats} = Native.stats(opts)
    stats
  end

  defp uploaded(opts), do: eventually(fn -> stats(opts).pending_uploads == 0 end)
  defp away(opts), do: eventually(fn -> stats(opts).remote.away != nil end)

  defp sees(opts, recording) do
    eventually(fn -> Enum.any?(Storage.list_summaries(opts), &(&1.id == recording.id)) end)
  end

  test "saves go on, it is told once, and all is uploaded when the bucket is back", context do
    %{server: server, a: a, b: b} = context
    first = save(b)
    sees(a, first)
    uploaded(b)
    S3Server.order(server, "refuse")

    saved = for _ <- 1..5, do: save(a)
    away(a)
    assert_receive {:remote_away, %{pending_uploads: _}, %{reason: {:remote, :unavailable}}}

    assert %{pending_uploads: 5, remote: %{pending_uploads: 5, away: {:unavailable, ms}}} =
             stats(a)

    assert is_integer(ms)
    for recording <- saved, do: assert(Storage.get(recording.id, a) == {:ok, recording})

    # What is only there can't be had, and what is here is listed, with all that is known.
    assert Native.get(first.id, [], a) == {:error, {:remote, :unavailable}}
    assert length(Storage.list_summaries(a)) == 6
    {listed, log} = with_log(fn -> Storage.list(a) end)
    assert Enum.sort(listed) == Enum.sort(saved)
    told = ~r/can't list recordings in #{a[:path]}: the bucket can't be reached/
    assert [_once] = Regex.scan(told, log)

    # However often it is tried.
    eventually(fn -> stats(a).remote.requests.failed > 5 end)
    refute_received {:remote_away, _, _}
    refute_received {:remote_back, _, _}

    S3Server.order(server, "clear")
    assert_receive {:remote_back, %{pending_uploads: _}, metadata} when metadata == %{}
    uploaded(a)
    assert Storage.get(first.id, a) == {:ok, first}
    assert %{remote: %{away: nil, uploaded: 5}} = stats(a)
    for recording <- saved, do: sees(b, recording)
    assert length(S3Server.recordings(server)) == 6
  end

  test "the log says that recordings are larger than what is taken", %{server: server, a: a} do
    log =
      capture_log(fn ->
        save(a)
        uploaded(a)
        S3Server.order(server, "answer 413 EntityTooLarge")
        save(a)
        assert_receive {:remote_away, _, %{reason: {:remote, :too_large}}}
        _handled = :sys.get_state(Reporter)
      end)

    assert log =~ "the bucket of #{a[:path]} does not take recordings as large as some that are"
    assert log =~ "it is tried again, and "
  end

  test "the log says that it is away, and that it is back", %{server: server, a: a} do
    log =
      capture_log(fn ->
        save(a)
        uploaded(a)
        S3Server.order(server, "refuse")
        save(a)
        away(a)
        assert_receive {:remote_away, _, _}
        S3Server.order(server, "clear")
        assert_receive {:remote_back, _, _}
        uploaded(a)
        _handled = :sys.get_state(Reporter)
      end)

    assert log =~ "[warning] PhoenixReplay: the bucket of #{a[:path]} can't be used: the bucket"
    assert log =~ "[info] PhoenixReplay: the bucket of #{a[:path]} can be used again; "
  end

  test "closing waits for uploads, and says what is left", %{server: server, a: a, b: b} do
    first = save(a)
    log = capture_log(fn -> assert Native.close(a) == :ok end)
    refute log =~ "in #{a[:path]} is not in the bucket"
    assert [_] = S3Server.recordings(server)
    sees(b, first)

    :ok = Storage.init(a)
    eventually(fn -> stats(a).remote.complete end)
    uploaded(a)
    S3Server.order(server, "refuse")
    second = save(a)
    log = capture_log(fn -> assert Native.close(a) == :ok end)
    assert log =~ "[warning] PhoenixReplay: 1 recording in #{a[:path]} is not in the bucket yet"
    assert [_] = S3Server.recordings(server)

    S3Server.order(server, "clear")
    :ok = Storage.init(a)
    sees(b, second)
  end

  test "what is deleted meanwhile is deleted there later, also by the next start", context do
    %{server: server, a: a, b: b} = context
    [now, later] = for _ <- 1..2, do: save(a)
    for recording <- [now, later], do: sees(b, recording)
    S3Server.order(server, "refuse")
    assert Storage.delete(now.id, a) == :ok
    assert Native.close(a) == :ok
    assert [%{id: id}] = Storage.list_summaries(Keyword.drop(a, [:remote, :remote_opts]))
    assert id == later.id
    assert Native.close(a) == :ok
    assert length(S3Server.recordings(server)) == 2

    S3Server.order(server, "clear")
    :ok = Storage.init(a)
    eventually(fn -> length(S3Server.recordings(server)) == 1 end)
    eventually(fn -> Enum.map(Storage.list_summaries(b), & &1.id) == [later.id] end)
    assert %{remote: %{pending_deletes: 0}} = stats(b)
  end

  test "an erasure that can't reach the bucket says so, and reaches it later", context do
    %{server: server, a: a, b: b} = context
    recording = save(a, id: "erased")
    sees(b, recording)
    uploaded(a)
    S3Server.order(server, "refuse")
    away(a)
    assert Native.delete_where([id: "erased"], [], a) == {:error, {:remote, :unavailable}}
    assert Storage.list_summaries(a) == []
    S3Server.order(server, "clear")
    eventually(fn -> S3Server.recordings(server) == [] end)
    eventually(fn -> Storage.list_summaries(b) == [] end)
  end

  test "a search goes on, and says what of the bucket it could not read", context do
    %{server: server, a: a, b: b} = context
    there = save(b, url: "http://localhost/needle")
    sees(a, there)
    here = save(a, url: "http://localhost/needle")
    S3Server.order(server, "refuse")
    assert {:ok, found} = Native.query([contains: "needle"], [], a)
    assert [%{id: id}] = found.recordings
    assert id == here.id
    reason = "cannot be read: the bucket can't be reached"
    assert found.not_searched == [%{file: there.id <> ".etf.gz", reason: reason}]
  end

  test "a node that starts without the bucket serves what it has", %{server: server, a: a} do
    recording = save(a)
    uploaded(a)
    :ok = Native.close(a)
    S3Server.order(server, "refuse")
    assert [%{id: id}] = Storage.list_summaries(a)
    assert id == recording.id
    assert Storage.get(id, a) == {:ok, recording}
    assert %{remote: %{complete: false}} = stats(a)
    # It may be there.
    assert Native.get("unknown", [], a) == {:error, {:remote, :unavailable}}
    S3Server.order(server, "clear")
    eventually(fn -> stats(a).remote.complete end)
    assert Native.get("unknown", [], a) == {:error, :not_found}
  end

  test "wrong keys and a bucket that is not there have their reasons", %{server: server, a: a} do
    for {opts, reason} <- [
          {[remote_opts: Keyword.put(a[:remote_opts], :secret_access_key, "wrong")], :denied},
          {[remote: "s3://no-such-bucket/replays"], :no_bucket}
        ] do
      opts = a |> Keyword.put(:path, tmp_dir()) |> Keyword.merge(opts)
      recording = save(opts)
      eventually(fn -> match?({^reason, _ms}, stats(opts).remote.away) end)
      assert stats(opts).pending_uploads == 1
      assert Native.get("unknown", [], opts) == {:error, {:remote, reason}}
      assert Storage.get(recording.id, opts) == {:ok, recording}
      # Within its own time.
      assert Native.close(opts) == :ok
    end

    assert S3Server.recordings(server) == []
  end

  test "options that the native library refuses are errors, and nothing is opened", %{a: a} do
    changed = [endpoint: "https://127.0.0.1:1", ca_file: Path.join(tmp_dir(), "none.pem")]
    opts = Keyword.update!(a, :remote_opts, &Keyword.merge(&1, changed))
    assert {:error, {:invalid_option, :remote_opts, why}} = Native.stats(opts)
    assert why =~ ":ca_file"
    refute File.exists?(opts[:path])
  end

  test "no key is anywhere that outlives its use, and nothing of a recording is told", %{
    server: server,
    a: a
  } do
    secret = S3Server.secret()

    log =
      capture_log(fn ->
        save(a, url: "http://localhost/?token=a-private-value")
        uploaded(a)
        S3Server.order(server, "refuse")
        save(a, url: "http://localhost/?token=a-private-value")
        away(a)
        Native.get("unknown", [], a)
        S3Server.order(server, "clear")
        uploaded(a)
        {:ok, _} = Native.delete_where([contains: "a-private-value"], [], a)
        _handled = :sys.get_state(Reporter)
        Native.close(a)
      end)

    refute log =~ secret
    refute log =~ "a-private-value"
    refute inspect(:persistent_term.get(), limit: :infinity, printable_limit: :infinity) =~ secret
    assert files_with(a, secret) == []
    assert S3Server.objects_with(server, secret) == []
  end
end
