defmodule TasksWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :tasks

  @session_options [store: :cookie, key: "_tasks_key", signing_salt: "Zq3mT1uY", same_site: "Lax"]

  socket "/live", Phoenix.LiveView.Socket,
    websocket: [connect_info: [session: @session_options]],
    longpoll: [connect_info: [session: @session_options]]

  # The clients, as the packages bring them: nothing has to be bundled.
  plug Plug.Static, at: "/assets/phoenix", from: :phoenix, only: ~w(phoenix.min.js)

  plug Plug.Static,
    at: "/assets/phoenix_live_view",
    from: :phoenix_live_view,
    only: ~w(phoenix_live_view.min.js)

  plug Plug.Static, at: "/", from: :tasks, only: ~w(assets)

  plug Plug.Parsers, parsers: [:urlencoded], pass: ["*/*"]
  plug Plug.MethodOverride
  plug Plug.Head
  plug Plug.Session, @session_options
  plug TasksWeb.Router
end
