defmodule PhoenixReplay.Native.RecorderTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias Phoenix.{Component, LiveView}
  alias PhoenixReplay.Native.{Recorder, Store}
  alias PhoenixReplay.Storage.Native

  setup do
    opts = [path: tmp_dir()]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    on_exit(fn ->
      Application.delete_env(:phoenix_replay, :storage)
      Application.delete_env(:phoenix_replay, :storage_opts)
      Application.delete_env(:phoenix_replay, :sanitizer)
    end)

    %{opts: opts}
  end

  defp socket do
    struct(LiveView.Socket,
      view: __MODULE__,
      host_uri: URI.parse("http://localhost:4000"),
      assigns: %{__changed__: %{}, user: "ada", password: "secret"}
    )
  end

  # A session as LiveView runs it, in a process of its own.
  defp in_session(fun) do
    parent = self()

    {pid, ref} =
      spawn_monitor(fn ->
        send(parent, {:result, fun.()})
        receive do: (:stop -> :ok)
      end)

    result =
      receive do
        {:result, result} -> result
        {:DOWN, ^ref, _, _, reason} -> raise("the session failed: #{inspect(reason)}")
      end

    send(pid, :stop)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
    result
  end

  defp saved(id, opts) do
    :ok = PhoenixReplay.Native.Test.Recordings.drained(opts)
    Native.get(id, opts)
  end

  test "a session is recorded event by event, sanitized, and saved when it ends", %{opts: opts} do
    id =
      in_session(fn ->
        {:cont, socket} =
          Recorder.on_mount(
            :default,
            %{"page" => "1", "token" => "t"},
            %{"locale" => "en"},
            socket()
          )

        socket
        |> LiveView.run(:handle_params, [%{"page" => "1"}, "http://localhost:4000/tasks"])
        |> Component.assign(:count, 0)
        |> LiveView.render()
        |> LiveView.run(:handle_event, ["inc", %{"by" => 1, "password" => "x"}])
        |> Component.assign(:count, 1)
        |> LiveView.render()
        |> LiveView.run(:handle_info, [:tick])
        |> LiveView.render()
        |> LiveView.run(:handle_event, ["inc", %{}])
        |> LiveView.run(:handle_event, ["inc", %{}])
        |> Component.assign(:count, 3)
        |> LiveView.render()
        |> Map.fetch!(:assigns)
        |> Map.fetch!(:_replay_id)
      end)

    assert {:ok, recording} = saved(id, opts)
    assert recording.view == __MODULE__
    assert recording.url == "http://localhost:4000"
    assert recording.params == %{"page" => "1"}
    assert recording.session == %{"locale" => "en"}
    assert_in_delta recording.connected_at, System.system_time(:millisecond), 60_000

    assert Enum.map(recording.events, &Tuple.delete_at(&1, 0)) == [
             {:mount, %{assigns: %{user: "ada"}}},
             {:handle_params, %{params: %{"page" => "1"}, url: "http://localhost:4000/tasks"}},
             {:assigns, %{delta: %{count: 0}}},
             {:event, %{name: "inc", params: %{"by" => 1}}},
             {:assigns, %{delta: %{count: 1}}},
             {:info, %{}},
             {:event, %{name: "inc", params: %{}}},
             {:event, %{name: "inc", params: %{}}},
             {:assigns, %{snapshot: %{user: "ada", count: 3}}}
           ]
  end

  test "attach/3 records too, with empty params unless they are given", %{opts: opts} do
    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        LiveView.run(socket, :handle_event, ["go", %{}]).assigns._replay_id
      end)

    assert {:ok, %{params: params, session: session}} = saved(id, opts)
    assert {params, session} == {%{}, %{}}
  end

  test "before the socket is connected nothing is recorded" do
    socket = %{socket() | connected?: false}
    assert Recorder.on_mount(:default, %{}, %{}, socket) == {:cont, socket}
    assert Recorder.attach(socket) == socket
  end

  test "a session without user events is not kept", %{opts: opts} do
    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        LiveView.run(socket, :handle_params, [%{}, "/"]).assigns._replay_id
      end)

    assert saved(id, opts) == :error
  end

  defmodule Sanitizer do
    def sanitize_assigns(assigns), do: Map.take(assigns, [:user])

    def sanitize_delta(changed, assigns),
      do: Map.take(assigns, Map.keys(changed) -- [:_replay_t0])
  end

  test "the host's setting chooses the sanitizer, with or without params of its own", %{
    opts: opts
  } do
    Application.put_env(:phoenix_replay, :sanitizer, Sanitizer)

    id =
      in_session(fn ->
        {:cont, socket} = Recorder.on_mount(:default, %{user: 1, other: 2}, %{}, socket())
        LiveView.run(socket, :handle_event, ["go", %{}]).assigns._replay_id
      end)

    assert {:ok, %{params: %{user: 1} = params}} = saved(id, opts)
    assert map_size(params) == 1
  end

  test "when recording can't start, the view goes on without", %{opts: opts} do
    File.mkdir_p!(Path.dirname(opts[:path]))
    File.write!(opts[:path], "a file in the way")

    log =
      ExUnit.CaptureLog.capture_log(fn ->
        assert Recorder.attach(socket()) == socket()
      end)

    assert log =~ "can't be started"
    assert Store.list_active_summaries() == []
  end
end
