import Config

if config_env() == :prod do
  config :phoenix_replay,
    storage_opts: [path: System.get_env("REPLAY_PATH", "/var/lib/tasks/replays")]

  config :tasks, TasksWeb.Endpoint,
    url: [host: System.get_env("PHX_HOST", "localhost")],
    http: [port: String.to_integer(System.get_env("PORT", "4000"))],
    secret_key_base: System.fetch_env!("SECRET_KEY_BASE")

  config :tasks, :dashboard,
    username: System.fetch_env!("DASHBOARD_USERNAME"),
    password: System.fetch_env!("DASHBOARD_PASSWORD")
end
