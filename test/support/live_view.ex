# A small imitation of the parts of Phoenix LiveView that a recorder, and the
# tests of one, touch: for where Phoenix is not installed. With the released host
# it is, and then the real modules are used.
unless Code.ensure_loaded?(Phoenix.LiveView) do
  defmodule Phoenix.LiveView do
    @moduledoc false

    defmodule Socket do
      @moduledoc false
      defstruct view: nil,
                router: nil,
                root_pid: nil,
                transport_pid: nil,
                host_uri: nil,
                assigns: %{__changed__: %{}},
                private: %{}
    end

    alias Phoenix.LiveView.Lifecycle

    def connected?(%Socket{transport_pid: pid}), do: pid != nil

    defdelegate attach_hook(socket, name, stage, fun), to: Lifecycle
  end

  defmodule Phoenix.LiveView.Lifecycle do
    @moduledoc false

    defstruct after_render: [], handle_event: [], handle_info: [], handle_params: []

    def attach_hook(%{router: nil}, name, :handle_params, _fun) do
      raise "#{name}: the view was not mounted at the router"
    end

    def attach_hook(socket, name, stage, fun) do
      update_in(socket.private.lifecycle, fn lifecycle ->
        Map.update!(lifecycle, stage, fn hooks ->
          if List.keymember?(hooks, name, 0), do: raise(ArgumentError, "#{name} is attached")
          hooks ++ [{name, fun}]
        end)
      end)
    end

    def handle_event(name, params, socket), do: run(socket, :handle_event, [name, params])
    def handle_params(params, url, socket), do: run(socket, :handle_params, [params, url])
    def handle_info(message, socket), do: run(socket, :handle_info, [message])

    def after_render(socket) do
      for {_name, fun} <- socket.private.lifecycle.after_render, reduce: socket do
        socket -> fun.(socket)
      end
    end

    defp run(socket, stage, args) do
      for {_name, fun} <- Map.fetch!(socket.private.lifecycle, stage), reduce: {:cont, socket} do
        {:cont, socket} -> apply(fun, args ++ [socket])
      end
    end
  end

  defmodule Phoenix.LiveView.Utils do
    @moduledoc false
    def clear_changed(socket), do: put_in(socket.assigns.__changed__, %{})
  end

  defmodule Phoenix.Component do
    @moduledoc false

    def assign(%{assigns: %{__changed__: changed} = assigns} = socket, key, value) do
      assigns = Map.merge(assigns, %{key => value, __changed__: Map.put(changed, key, true)})
      %{socket | assigns: assigns}
    end
  end
end
