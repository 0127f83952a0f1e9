defmodule PhoenixReplay.Native.Test.Live do
  @moduledoc false
  # Sockets, and what the process of a LiveView does with them: with the real
  # LiveView as with the imitation.

  alias Phoenix.LiveView
  alias Phoenix.LiveView.{Lifecycle, Utils}

  @doc "The socket of the calling process, connected, of a view that the router has mounted."
  def socket(fields \\ []) do
    defaults = [
      view: __MODULE__,
      router: __MODULE__.Router,
      root_pid: self(),
      transport_pid: self(),
      host_uri: URI.parse("http://localhost:4000"),
      private: %{lifecycle: struct!(Lifecycle)},
      assigns: %{__changed__: %{}, user: "ada", password: "secret"}
    ]

    struct!(LiveView.Socket, Keyword.merge(defaults, fields))
  end

  @doc "Runs the hooks of a stage."
  def run(socket, :handle_event, [name, params]),
    do: goes_on(Lifecycle.handle_event(name, params, socket))

  def run(socket, :handle_params, [params, url]),
    do: goes_on(Lifecycle.handle_params(params, url, socket))

  def run(socket, :handle_info, [message]), do: goes_on(Lifecycle.handle_info(message, socket))

  defp goes_on({:cont, socket}), do: socket

  @doc "Renders: runs the hooks, and forgets what had changed."
  def render(socket), do: socket |> Lifecycle.after_render() |> Utils.clear_changed()
end
