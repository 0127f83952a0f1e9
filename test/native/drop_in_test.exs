defmodule PhoenixReplay.Native.DropInTest do
  @moduledoc false
  # What an application that was written for the host's store meets in ours.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  @callbacks [:init, :handle_call, :handle_cast, :handle_info, :handle_continue] ++
               [:code_change, :terminate]

  setup do
    on_exit(fn -> Application.delete_env(:phoenix_replay, :authorize) end)
    Map.put(configured(), :id, id())
  end

  # Runs `fun` as the process of a session; it has ended when this returns.
  defp session(fun) do
    {pid, ref} = spawn_monitor(fun)
    receive do: ({:DOWN, ^ref, :process, ^pid, reason} -> assert(reason == :normal))
  end

  defp start(id, fields \\ []),
    do: Store.start_recording(id, struct(Session.recording(id), fields))

  test "every function of the host's store is there" do
    theirs =
      for {name, arity} <- PhoenixReplay.Store.__info__(:functions),
          name not in @callbacks,
          do: {name, arity}

    assert theirs -- Store.__info__(:functions) == []
  end

  test "no function raises, whatever it is given" do
    odd = [
      nil,
      :atom,
      1,
      1.5,
      {},
      [],
      %{},
      self(),
      <<1::3>>,
      "",
      <<0>>,
      String.duplicate("x", 9999)
    ]

    capture_log(fn ->
      for id <- odd do
        assert Store.append_event(id, Session.event("x", 1)) == {:error, :not_found}
        assert Store.get_active(id) == :error
        assert Store.finalize(id) == :error
        assert Store.get_recording(id) == :error
        assert Store.delete_recording(id) == :ok
        assert Store.persisted(id) == :ok
        for recording <- odd, do: assert(Store.start_recording(id, recording) == :error)

        if not is_binary(id),
          do: assert(Store.start_recording(id, Session.recording("x")) == :error)
      end
    end)

    assert Store.cleanup() == :ok
    assert Store.cleanup_async() == :ok
    assert Store.list_active() == []
  end

  test "what can't be started is told, where, and why", %{opts: opts} do
    for {id, recording, reason} <- [
          {:id, Session.recording("id"), "the recording's id"},
          {"id", %{}, "what is to be saved is no %PhoenixReplay.Recording{}"},
          {"id", %{Session.recording("id") | connected_at: nil}, "the recording's connected_at"}
        ] do
      log = capture_log(fn -> assert Store.start_recording(id, recording) == :error end)
      assert log =~ "can't be started in #{opts[:path]}: " <> reason
    end
  end

  test "events that are nil are none yet", %{id: id, opts: opts} do
    session(fn ->
      :ok = start(id, events: nil)
      :ok = Store.append_event(id, Session.event(id, 1))
    end)

    drained(opts)
    assert {:ok, %{events: [event]}} = Store.get_recording(id)
    assert event == Session.event(id, 1)
  end

  test "an offset with a fraction is kept, and summed up in whole milliseconds", %{
    id: id,
    opts: opts
  } do
    session(fn ->
      :ok = start(id)
      :ok = Store.append_event(id, {7.9, :event, %{name: "x", params: %{}}})
      assert {:error, _} = Store.append_event(id, {7.9, 1, %{}})
    end)

    drained(opts)
    assert {:ok, %{events: [_mount, {7.9, :event, %{name: "x"}}]}} = Store.get_recording(id)
    assert [%{duration_ms: 7}] = Native.list_summaries(opts)
  end

  test "an offset beyond 64 bits is kept, and summed up as the nearest that they hold", %{
    id: id,
    opts: opts
  } do
    for {offset, format} <- [{1.0e300, :etf}, {-1.0e300, :etf}, {1.0e300, :json}] do
      Application.put_env(:phoenix_replay, :storage_opts, opts ++ [format: format])

      session(fn ->
        :ok = start(id)
        :ok = Store.append_event(id, {offset, :event, %{}})
      end)

      drained(opts)
      assert {:ok, %{events: [_mount, {^offset, :event, %{}}]}} = Store.get_recording(id)
      nearest = if offset > 0, do: Bitwise.bsl(1, 63) - 1, else: -Bitwise.bsl(1, 63)
      assert [%{duration_ms: ^nearest}] = Native.list_summaries(opts)
      :ok = Store.delete_recording(id)
    end
  end

  test "finalize returns all that was appended, also while others append", %{opts: opts} do
    for round <- 1..40 do
      id = "late-#{round}"
      :ok = start(id)
      parent = self()

      writers =
        for w <- 1..2 do
          Task.async(fn ->
            send(parent, :ready)
            append_until_ended(id, w, 0)
          end)
        end

      for _ <- writers, do: receive(do: (:ready -> :ok))
      for _ <- 1..5, do: :ok = Store.append_event(id, {1, :event, %{name: "owner", params: %{}}})
      assert {:ok, finalized} = Store.finalize(id)
      acknowledged = writers |> Task.await_many(:infinity) |> Enum.sum()

      assert length(finalized.events) == 1 + 5 + acknowledged
      assert Native.get(id, opts) == {:ok, finalized}
    end
  end

  defp append_until_ended(_id, _w, 4000), do: 4000

  defp append_until_ended(id, w, n) do
    case Store.append_event(id, {n, :event, %{name: "w#{w}", params: %{}}}) do
      :ok -> append_until_ended(id, w, n + 1)
      {:error, reason} when reason in [:ended, :not_found] -> n
    end
  end

  test "a recording that is finalized and dropped is returned all the same", %{id: id} do
    :ok = start(id)
    :ok = Store.append_event(id, {1, :info, %{}})
    assert {:ok, %{events: [_mount, {1, :info, %{}}]}} = Store.finalize(id)
    assert Store.get_recording(id) == :error
  end

  test "in JSON a recording that has ended has the shape of its file", %{id: id, opts: opts} do
    opts = Keyword.put(opts, :format, :json)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    # It can't be saved while a directory has the name of its file.
    in_the_way = Path.join(opts[:path], id <> ".json.gz")
    File.mkdir_p!(in_the_way)
    parent = self()

    session(fn ->
      :ok = start(id)
      :ok = Store.append_event(id, {1, :event, %{name: :pay, params: %{at: {1, ~D[2026-11-26]}}}})
      # While it runs it is what was recorded, as with the host.
      send(parent, Store.get_active(id))
    end)

    assert_received {:ok, %{events: [_, {1, :event, %{name: :pay}}]}}
    assert {:ok, ended} = await_ended(id, opts)

    assert {1, :event, %{"name" => "pay", "params" => %{"at" => [1, date]}}} =
             List.last(ended.events)

    assert %{"__struct__" => "Date", "calendar" => "Elixir.Calendar.ISO"} = date
    assert Native.list(opts) == [ended]

    File.rmdir!(in_the_way)
    drained(opts)
    assert File.regular?(in_the_way)
    assert Native.get(id, opts) == {:ok, ended}
    assert PhoenixReplay.Storage.File.get(id, opts) == {:ok, ended}
  end

  # The end of its process reaches the engine in its own time.
  defp await_ended(id, opts) do
    case Native.get(id, opts) do
      {:ok, %{events: [{0, :mount, %{assigns: _}} | _]}} -> await_ended(id, opts)
      got -> got
    end
  end

  test "what is in flight is authorized by all of it", %{id: id} do
    Application.put_env(:phoenix_replay, :authorize, &(&1.session["org"] == 1))
    :ok = start(id, session: %{"org" => 1})
    :ok = start("other", session: %{"org" => 2})
    for id <- [id, "other"], do: :ok = Store.append_event(id, Session.event(id, 1))

    assert {:ok, %{id: ^id} = recording} = Store.get_active(id)
    assert Store.list_active() == [recording]
    assert [%{id: ^id}] = Store.list_active_summaries()
    assert Store.get_active("other") == :error
    assert Store.authorize_recording(recording) == {:ok, recording}
    assert Store.authorize_recording(%{recording | session: %{}}) == :error
    for id <- [id, "other"], do: Store.delete_recording(id)
  end

  test "a supervisor that names our store in place of the host's goes on" do
    children = [Store, {Store, []}] |> Enum.with_index(&Supervisor.child_spec(&1, id: &2))
    {:ok, pid} = Supervisor.start_link(children, strategy: :one_for_one)
    assert Supervisor.count_children(pid).active == 0
    Supervisor.stop(pid)
  end
end
