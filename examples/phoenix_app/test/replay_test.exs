defmodule TasksWeb.ReplayTest do
  use TasksWeb.ConnCase, async: false

  alias PhoenixReplay.Native

  setup do
    # The directory of config/test.exs.
    path = PhoenixReplay.Storage.storage_opts()[:path]

    on_exit(fn ->
      :ok = Native.close()
      File.rm_rf!(path)
    end)
  end

  test "a session is recorded, found, watched and erased", %{conn: conn} do
    {:ok, view, _html} = live(conn, "/?user=ada")
    view |> form("#new-task", task: %{title: ""}) |> render_change()
    assert has_element?(view, "#error", "needs a title")

    view |> form("#new-task", task: %{title: "Buy milk"}) |> render_submit()
    assert has_element?(view, "li", "Buy milk")

    # While it goes on, it is there already.
    assert {:ok, %{total: 1, recordings: [%{active?: true, subject: "ada"}]}} =
             Native.query(subject: "ada")

    GenServer.stop(view.pid)
    assert %{view: TasksWeb.TaskLive, id: id} = ended("ada")

    assert {:ok, %{total: 1}} = Native.query(path: "/?user=ada", event: "add")
    assert {:ok, %{total: 1}} = Native.query(contains: "Buy milk")

    assert {:ok, recording} = Native.get(id)

    assert [{_, :event, %{name: "validate"}}, {_, :event, %{name: "add", params: params}}] =
             Enum.filter(recording.events, &match?({_, :event, _}, &1))

    assert params["task"]["title"] == "Buy milk"

    assert get(conn, "/replay").status == 401
    assert get(conn, "/replay/player.js").status == 401
    {:ok, _dashboard, html} = conn |> as_admin() |> live("/replay")
    assert html =~ "1 recording"
    assert conn |> as_admin() |> get("/replay/player.js") |> response(200)

    assert {:ok, %{count: 1, ids: [^id], not_searched: []}} = Native.delete_where(subject: "ada")
    assert {:ok, %{total: 0}} = Native.query()
  end

  # The recording of a session that has ended, once it is in its file.
  defp ended(subject, tries \\ 100) do
    case Native.query(subject: subject, active: false) do
      {:ok, %{recordings: [summary]}} ->
        summary

      {:ok, %{recordings: []}} when tries > 0 ->
        Process.sleep(50)
        ended(subject, tries - 1)
    end
  end

  defp as_admin(conn) do
    put_req_header(conn, "authorization", Plug.BasicAuth.encode_basic_auth("admin", "admin"))
  end
end
