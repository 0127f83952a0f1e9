import Config

config :tasks, TasksWeb.Endpoint, server: true
