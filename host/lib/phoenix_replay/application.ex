defmodule PhoenixReplay.Application do
  @moduledoc false

  use Application

  @impl true
  def start(_type, _args) do
    # The store goes first: it owns the table and initialises the backend that
    # persistence writes to.
    children = [PhoenixReplay.Store, PhoenixReplay.Persistence]

    Supervisor.start_link(children,
      strategy: :one_for_one,
      name: PhoenixReplay.Supervisor
    )
  end
end
