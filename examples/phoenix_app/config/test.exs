import Config

config :tasks, TasksWeb.Endpoint, http: [ip: {127, 0, 0, 1}, port: 4002], server: false

config :phoenix_replay,
  storage_opts: [path: Path.join(System.tmp_dir!(), "tasks-replays-#{System.pid()}")]

config :logger, level: :warning
