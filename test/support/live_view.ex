# A small imitation of the parts of Phoenix LiveView that a recorder touches,
# for where Phoenix is not installed. With the released host it is, and then
# the real modules are used.
unless Code.ensure_loaded?(Phoenix.LiveView) do
  defmodule Phoenix.LiveView do
    @moduledoc false

    defmodule Socket do
      @moduledoc false
      defstruct view: nil,
                host_uri: nil,
                assigns: %{__changed__: %{}},
                hooks: [],
                connected?: true
    end

    def connected?(socket), do: socket.connected?

    def attach_hook(socket, name, stage, fun) do
      %{socket | hooks: socket.hooks ++ [{name, stage, fun}]}
    end

    @doc "Runs the hooks of a stage, as the channel process does."
    def run(socket, stage, args \\ []) do
      Enum.reduce(socket.hooks, socket, fn
        {_, ^stage, fun}, socket ->
          case apply(fun, args ++ [socket]) do
            {:cont, socket} -> socket
            socket -> socket
          end

        _, socket ->
          socket
      end)
    end

    @doc "Renders: runs the hooks, and forgets what had changed."
    def render(socket) do
      socket = run(socket, :after_render)
      put_in(socket.assigns.__changed__, %{})
    end
  end

  defmodule Phoenix.Component do
    @moduledoc false

    def assign(socket, key, value) do
      changed = Map.put(socket.assigns.__changed__, key, true)
      %{socket | assigns: socket.assigns |> Map.put(key, value) |> Map.put(:__changed__, changed)}
    end
  end
end
