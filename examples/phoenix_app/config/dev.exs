import Config

config :tasks, TasksWeb.Endpoint, http: [ip: {127, 0, 0, 1}, port: 4000], server: true
