# Sessions in the real LiveView, where the released host brings it along. What
# runs without it is in recorder_test.exs.
if Code.ensure_loaded?(Phoenix.Endpoint) do
  defmodule PhoenixReplay.Native.LiveViewTest do
    use ExUnit.Case, async: false

    import ExUnit.CaptureLog
    import PhoenixReplay.Native.Test.Recordings, only: [configured: 0, drained: 1]

    alias PhoenixReplay.Native.Recorder
    alias PhoenixReplay.Storage.Native

    defmodule Child do
      use Phoenix.LiveView
      on_mount(Recorder)

      def mount(_params, _session, socket), do: {:ok, assign(socket, count: 0)}
      def handle_event("inc", _, socket), do: {:noreply, update(socket, :count, &(&1 + 1))}
      def render(assigns), do: ~H"<i>{@count}</i>"
    end

    defmodule Page do
      use Phoenix.LiveView

      def mount(_params, _session, socket), do: {:ok, assign(socket, count: 0)}
      def handle_params(_params, _url, socket), do: {:noreply, assign(socket, at: "page")}
      def handle_event("inc", _, socket), do: {:noreply, update(socket, :count, &(&1 + 1))}
      def handle_info(:tick, socket), do: {:noreply, assign(socket, ticked: true)}

      def render(assigns) do
        ~H|<b>{@count}</b>{live_render(@socket, Child, id: "child")}|
      end
    end

    # A view in a page that a controller renders.
    defmodule Template do
      def init(opts), do: opts
      def call(conn, _opts), do: Phoenix.LiveView.Controller.live_render(conn, Child)
    end

    defmodule Router do
      use Phoenix.Router
      import Phoenix.LiveView.Router

      pipeline(:browser, do: plug(:fetch_session))

      scope "/" do
        pipe_through(:browser)
        live_session(:recorded, [on_mount: Recorder], do: live("/page", Page))
        get("/template", Template, :index)
      end
    end

    defmodule Endpoint do
      use Phoenix.Endpoint, otp_app: :phoenix_replay_native
      @session [store: :cookie, key: "_test", signing_salt: "salt"]
      socket("/live", Phoenix.LiveView.Socket, websocket: [connect_info: [session: @session]])
      plug(Plug.Session, @session)
      plug(Router)
    end

    import Phoenix.ConnTest

    @endpoint Endpoint

    setup_all do
      Application.put_env(:phoenix_replay_native, Endpoint,
        secret_key_base: String.duplicate("a", 64),
        live_view: [signing_salt: "long enough"],
        url: [host: "shop.test"]
      )

      start_supervised!(Endpoint)
      :ok
    end

    setup do
      on_exit(fn -> Application.delete_env(:phoenix_replay, :sanitizer) end)
      Map.put(configured(), :socket, connect())
    end

    # The transport of a browser is the process of the test.
    defp connect do
      {:ok, socket} =
        Phoenix.LiveView.Socket.connect(%{
          endpoint: Endpoint,
          transport: :websocket,
          options: [serializer: [{Phoenix.Socket.V2.JSONSerializer, "~> 2.0.0"}]],
          params: %{"vsn" => "2.0.0"},
          connect_info: %{session: %{"locale" => "en"}}
        })

      {:ok, socket} = Phoenix.LiveView.Socket.init(socket)
      socket
    end

    # Sends a message and returns the answer to it, as JSON.
    defp push(socket, topic, event, payload) do
      ref = "#{System.unique_integer([:positive])}"
      message = Phoenix.json_library().encode!([topic, ref, topic, event, payload])

      case Phoenix.LiveView.Socket.handle_in({message, [opcode: :text]}, socket) do
        {:reply, :ok, {:text, reply}, socket} -> {IO.iodata_to_binary(reply), socket}
        {:ok, socket} -> {await_reply(ref), socket}
      end
    end

    defp await_reply(ref) do
      receive do
        {:socket_push, :text, data} ->
          reply = IO.iodata_to_binary(data)
          if reply =~ ~s("#{ref}"), do: reply, else: await_reply(ref)
      end
    end

    defp root(html), do: ~r/id="(phx-[^"]*)"/ |> Regex.run(html) |> List.last()

    # Joins the view with this id, which is in what was rendered.
    defp join(socket, id, rendered, more \\ %{}) do
      [_, session, static] =
        Regex.run(
          ~r/id="#{id}"[^>]*data-phx-session="([^"]*)"[^>]*data-phx-static="([^"]*)"/,
          rendered
        )

      static = if static != "", do: static
      payload = Map.merge(%{"session" => session, "static" => static, "params" => %{}}, more)
      {reply, socket} = push(socket, "lv:" <> id, "phx_join", payload)
      assert reply =~ ~s("status":"ok")
      {String.replace(reply, ~S(\"), ~S(")), socket}
    end

    defp click(socket, id) do
      payload = %{"type" => "click", "event" => "inc", "value" => %{"by" => "1", "token" => "t"}}
      {reply, socket} = push(socket, "lv:" <> id, "event", payload)
      assert reply =~ ~s("status":"ok")
      socket
    end

    defp leave(socket, id), do: push(socket, "lv:" <> id, "phx_leave", %{})

    defp recordings(opts) do
      drained(opts)
      Map.new(Native.list(opts), &{&1.view, &1})
    end

    test "a page, and a view in it, are recorded with all that they do", %{
      opts: opts,
      socket: socket
    } do
      html = html_response(get(build_conn(), "/page?tab=1"), 200)
      id = root(html)
      {rendered, socket} = join(socket, id, html, %{"url" => "http://shop.test/page?tab=1"})
      {_, socket} = join(socket, "child", rendered)

      socket = socket |> click(id) |> click("child") |> click("child")
      {_, socket} = leave(socket, "child")
      leave(socket, id)

      assert %{Page => page, Child => child} = recordings(opts)
      assert {page.url, page.params} == {"http://shop.test", %{"tab" => "1"}}
      assert page.session["locale"] == "en"

      assert [
               {_, :mount, %{assigns: _}},
               {_, :handle_params,
                %{params: %{"tab" => "1"}, url: "http://shop.test/page?tab=1"}},
               {_, :assigns, %{delta: %{at: "page", count: 0}}},
               {_, :event, %{name: "inc", params: %{"by" => "1"} = params}},
               {_, :assigns, %{delta: %{count: 1}}}
             ] = page.events

      refute is_map_key(params, "token")

      assert {child.url, child.params} == {nil, %{}}

      assert [:mount, :assigns, :event, :assigns, :event, :assigns] =
               Enum.map(child.events, &elem(&1, 1))
    end

    test "a view in a template is recorded", %{opts: opts, socket: socket} do
      html = html_response(get(build_conn(), "/template"), 200)
      id = root(html)
      {_, socket} = join(socket, id, html)
      socket |> click(id) |> leave(id)
      assert %{Child => %{params: %{}, events: events}} = recordings(opts)
      assert [:mount, :assigns, :event, :assigns] = Enum.map(events, &elem(&1, 1))
    end

    defmodule Failing do
      def sanitize_assigns(_assigns), do: raise("no")
      def sanitize_delta(_changed, _assigns), do: raise("no")
      def sanitize_params(_params), do: raise("no")
    end

    test "a page goes on where the sanitizer fails", %{opts: opts, socket: socket} do
      Application.put_env(:phoenix_replay, :sanitizer, Failing)
      html = html_response(get(build_conn(), "/page"), 200)
      id = root(html)

      log =
        capture_log(fn ->
          {_, socket} = join(socket, id, html, %{"url" => "http://shop.test/page"})
          socket |> click(id) |> leave(id)
        end)

      assert log =~ "not all of a session can be recorded: RuntimeError"
      assert %{Page => %{events: events}} = recordings(opts)
      assert [:mount, :handle_params, :event] = Enum.map(events, &elem(&1, 1))
    end
  end
end
