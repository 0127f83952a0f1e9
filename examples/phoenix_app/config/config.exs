import Config

config :phoenix_replay,
  storage: PhoenixReplay.Storage.Native,
  storage_opts: [path: "priv/replay_recordings", max_recordings: 1_000],
  subject: {TasksWeb.Replay, :subject}

config :tasks, TasksWeb.Endpoint,
  url: [host: "localhost"],
  adapter: Bandit.PhoenixAdapter,
  render_errors: [formats: [html: TasksWeb.ErrorHTML], layout: false],
  pubsub_server: Tasks.PubSub,
  live_view: [signing_salt: "8PpNvWkR"],
  # For this example only. An application reads it in config/runtime.exs.
  secret_key_base: String.duplicate("an example, and no secret ", 3)

# Who may watch recordings.
config :tasks, :dashboard, username: "admin", password: "admin"

config :phoenix, :json_library, Jason

import_config "#{config_env()}.exs"
