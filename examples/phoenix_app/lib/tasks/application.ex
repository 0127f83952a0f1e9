defmodule Tasks.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    children = [{Phoenix.PubSub, name: Tasks.PubSub}, Tasks, TasksWeb.Endpoint]
    Supervisor.start_link(children, strategy: :one_for_one, name: Tasks.Supervisor)
  end
end
