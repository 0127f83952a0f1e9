defmodule PhoenixReplay.Native.RecorderTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  import ExUnit.CaptureLog

  alias Phoenix.Component
  alias PhoenixReplay.Native.Test.Live
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

  defp socket(fields \\ []), do: Live.socket([view: __MODULE__] ++ fields)

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
        |> Live.run(:handle_params, [%{"page" => "1"}, "http://localhost:4000/tasks"])
        |> Component.assign(:count, 0)
        |> Live.render()
        |> Live.run(:handle_event, ["inc", %{"by" => 1, "password" => "x"}])
        |> Component.assign(:count, 1)
        |> Live.render()
        |> Live.run(:handle_info, [:tick])
        |> Live.render()
        |> Live.run(:handle_event, ["inc", %{}])
        |> Live.run(:handle_event, ["inc", %{}])
        |> Component.assign(:count, 3)
        |> Live.render()
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
        Live.run(socket, :handle_event, ["go", %{}]).assigns._replay_id
      end)

    assert {:ok, %{params: params, session: session}} = saved(id, opts)
    assert {params, session} == {%{}, %{}}
  end

  test "before the socket is connected nothing is recorded" do
    socket = socket(transport_pid: nil)
    assert Recorder.on_mount(:default, %{}, %{}, socket) == {:cont, socket}
    assert Recorder.attach(socket) == socket
  end

  test "a session without user events is not kept", %{opts: opts} do
    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        Live.run(socket, :handle_params, [%{}, "/"]).assigns._replay_id
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
        Live.run(socket, :handle_event, ["go", %{}]).assigns._replay_id
      end)

    assert {:ok, %{params: %{user: 1} = params}} = saved(id, opts)
    assert map_size(params) == 1
  end

  test "when recording can't start, the view goes on without", %{opts: opts} do
    File.mkdir_p!(Path.dirname(opts[:path]))
    File.write!(opts[:path], "a file in the way")

    log = capture_log(fn -> assert Recorder.attach(socket()) == socket() end)

    assert log =~ "can't be started"
    assert Store.list_active_summaries() == []
  end

  # As LiveView makes the socket of a view in a template, of one in another view
  # and of one that was given a router, but is at none of its routes.
  for {where, fields} <- [
        template: [router: nil, host_uri: :not_mounted_at_router],
        view: [root_pid: :another, host_uri: :not_mounted_at_router],
        route: [host_uri: :not_mounted_at_router]
      ] do
    test "a view that is not mounted at the router is recorded without its params (#{where})", %{
      opts: opts
    } do
      id =
        in_session(fn ->
          socket = socket(unquote(fields))

          {:cont, socket} =
            Recorder.on_mount(:default, :not_mounted_at_router, %{"locale" => "en"}, socket)

          # LiveView lets it mount only without any.
          assert socket.private.lifecycle.handle_params == []

          socket
          |> Live.run(:handle_event, ["inc", %{}])
          |> Component.assign(:count, 1)
          |> Live.render()
          |> replay_id()
        end)

      assert {:ok, recording} = saved(id, opts)
      assert {recording.params, recording.session} == {%{}, %{"locale" => "en"}}
      assert recording.url == nil
      assert [:mount, :event, :assigns] = Enum.map(recording.events, &elem(&1, 1))
    end
  end

  test "a session is recorded once, even if it is attached to twice", %{opts: opts} do
    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        assert Recorder.attach(socket) == socket
        socket |> Live.run(:handle_event, ["go", %{}]) |> replay_id()
      end)

    assert {:ok, %{events: [_mount, _event]}} = saved(id, opts)
    assert [%{id: ^id}] = Native.list_summaries(opts)
  end

  defmodule Failing do
    def sanitize_assigns(%{user: "ada"} = assigns), do: fail(assigns)
    def sanitize_assigns(assigns), do: assigns
    def sanitize_delta(_changed, assigns), do: fail(assigns)
    def sanitize_params(params), do: fail(params)

    defp fail(%{"how" => "raise"}), do: raise("of the secret")
    defp fail(%{"how" => "throw"}), do: throw("the secret")
    defp fail(%{"how" => "exit"}), do: exit("the secret")
    defp fail(%{"how" => "nil"}), do: nil
    defp fail(assigns), do: Map.fetch!(assigns, "the secret")
  end

  test "what a sanitizer fails on is left out, and told once, without what it was", %{opts: opts} do
    Application.put_env(:phoenix_replay, :sanitizer, Failing)

    log =
      capture_log(fn ->
        id =
          in_session(fn ->
            {:cont, socket} = Recorder.on_mount(:default, %{"how" => "exit"}, %{}, socket())

            for how <- ["raise", "throw", "exit", "nil"], reduce: socket do
              socket -> Live.run(socket, :handle_event, [how, %{"how" => how}])
            end
            |> Live.run(:handle_params, [%{"how" => "raise"}, "http://localhost:4000/tasks"])
            |> Component.assign(:count, 1)
            |> Live.render()
            |> Live.run(:handle_event, ["last", %{}])
            |> replay_id()
          end)

        assert {:ok, recording} = saved(id, opts)
        assert {recording.params, recording.session} == {%{}, %{}}

        assert Enum.map(recording.events, &Tuple.delete_at(&1, 0)) ==
                 [{:mount, %{assigns: %{}}}] ++
                   for(how <- ["raise", "throw", "exit", "nil"], do: event(how)) ++
                   [{:handle_params, %{params: %{}, url: "http://localhost:4000/tasks"}}] ++
                   [event("last")]
      end)

    assert [_] = Regex.scan(~r/not all of a session can be recorded/, log)
    refute log =~ "secret"
  end

  defp event(name), do: {:event, %{name: name, params: %{}}}

  defmodule FailingSnapshot do
    def sanitize_assigns(_assigns), do: raise("no")
    def sanitize_delta(changed, assigns), do: Map.take(assigns, Map.keys(changed))
    def sanitize_params(params), do: params
  end

  test "a snapshot that can't be sanitized does not undo what is known", %{opts: opts} do
    Application.put_env(:phoenix_replay, :sanitizer, Sanitizer)

    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        Application.put_env(:phoenix_replay, :sanitizer, FailingSnapshot)

        for name <- ["one", "two"], reduce: socket do
          socket -> Live.run(socket, :handle_event, [name, %{}])
        end
        |> Component.assign(:user, "bob")
        |> Live.render()
        |> replay_id()
      end)

    assert {:ok, recording} = saved(id, opts)
    assert [:mount, :event, :event] = Enum.map(recording.events, &elem(&1, 1))
  end

  test "a socket that is none, or lacks what is expected, is given back as it is" do
    for odd <- [
          nil,
          %{},
          :socket,
          Map.delete(socket(), :view),
          socket(assigns: %{}),
          socket(private: %{}),
          socket(assigns: nil)
        ] do
      log =
        capture_log(fn ->
          task = Task.async(fn -> Recorder.attach(odd) end)
          assert Task.await(task, :infinity) == odd
        end)

      assert log =~ "not all of a session can be recorded"
    end

    assert Store.list_active_summaries() == []
  end

  test "a view whose assigns lose what was put there goes on", %{opts: opts} do
    id =
      in_session(fn ->
        socket = Recorder.attach(socket())
        id = replay_id(Live.run(socket, :handle_event, ["go", %{}]))

        for assigns <- [%{}, %{_replay_id: 1, _replay_t0: nil}, %{__changed__: nil}] do
          bare = %{socket | assigns: assigns}
          assert {:cont, ^bare} = Phoenix.LiveView.Lifecycle.handle_event("x", %{}, bare)
          assert {:cont, ^bare} = Phoenix.LiveView.Lifecycle.handle_info(:x, bare)
          assert Phoenix.LiveView.Lifecycle.after_render(bare) == bare
        end

        id
      end)

    assert {:ok, %{events: [_mount, _event]}} = saved(id, opts)
  end

  defp replay_id(socket), do: socket.assigns._replay_id
end
