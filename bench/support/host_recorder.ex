defmodule Bench.HostRecorder do
  @moduledoc """
  The hook of a recorder that sees what a render has changed, over the host's
  sanitizer and store: what `PhoenixReplay.Native.Recorder` stands in for.
  """

  @doc "Records what has changed."
  @spec after_render(struct() | map()) :: struct() | map()
  def after_render(%{assigns: assigns} = socket) do
    sanitizer = Application.get_env(:phoenix_replay, :sanitizer, PhoenixReplay.Sanitizer)
    delta = sanitizer.sanitize_delta(assigns.__changed__, assigns)

    if delta != %{} do
      payload =
        if Process.get({__MODULE__, assigns._replay_id}, 0) < 2,
          do: %{delta: delta},
          else: %{snapshot: sanitizer.sanitize_assigns(assigns)}

      offset = System.monotonic_time(:millisecond) - assigns._replay_t0
      PhoenixReplay.Store.append_event(assigns._replay_id, {offset, :assigns, payload})
    end

    Process.put({__MODULE__, assigns._replay_id}, 0)
    socket
  end
end
