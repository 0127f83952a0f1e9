defmodule TasksWeb.Router do
  use Phoenix.Router, helpers: false

  import Phoenix.Controller
  import Phoenix.LiveView.Router
  import PhoenixReplay.Router
  import Plug.Conn

  pipeline :browser do
    plug :accepts, ["html"]
    plug :fetch_session
    plug :fetch_live_flash
    plug :put_root_layout, html: {TasksWeb.Layouts, :root}
    plug :protect
    plug :put_secure_browser_headers
  end

  pipeline :admin do
    plug :authenticate
  end

  scope "/", TasksWeb do
    pipe_through :browser

    live_session :default, on_mount: [PhoenixReplay.Native.Recorder] do
      live "/", TaskLive
    end
  end

  scope "/" do
    pipe_through [:browser, :admin]
    phoenix_replay "/replay"
  end

  # Behind `protect_from_forgery` Plug answers scripts with 403, and the dashboard has one.
  defp protect(%{path_info: ["replay", "player.js"]} = conn, _opts), do: conn
  defp protect(conn, opts), do: protect_from_forgery(conn, opts)

  # Read at run time, so that a release has its own.
  defp authenticate(conn, _opts) do
    Plug.BasicAuth.basic_auth(conn, Application.fetch_env!(:tasks, :dashboard))
  end
end
