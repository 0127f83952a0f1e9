# The part of telemetry that the tests need, for where it is not installed.
unless Code.ensure_loaded?(:telemetry) do
  defmodule :telemetry do
    @moduledoc false

    def attach_many(id, events, function, config) do
      put(Map.put(handlers(), id, {events, function, config}))
    end

    def detach(id), do: put(Map.delete(handlers(), id))

    def execute(event, measurements, metadata) do
      for {_id, {events, function, config}} <- handlers(), event in events do
        function.(event, measurements, metadata, config)
      end

      :ok
    end

    defp handlers, do: :persistent_term.get(__MODULE__, %{})
    defp put(handlers), do: :persistent_term.put(__MODULE__, handlers)
  end
end
