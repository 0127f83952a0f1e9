defmodule PhoenixReplay.Native.Recorder do
  @moduledoc """
  Records LiveView sessions in the native engine: a drop-in for
  `PhoenixReplay.Recorder`.

      live_session :default, on_mount: [PhoenixReplay.Native.Recorder] do
        live "/dashboard", DashboardLive
      end

  or, in one LiveView,

      def mount(params, session, socket) do
        {:ok, PhoenixReplay.Native.Recorder.attach(socket, params, session)}
      end

  It attaches the same hooks, records the same events, and takes its sanitizer
  from the same setting as the host's recorder. Only the calls that store what
  was recorded differ, see `PhoenixReplay.Native.Store`.
  """

  # Found at run time, in the application: this library is compiled without.
  @compile {:no_warn_undefined, [Phoenix.LiveView, Phoenix.Component]}

  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Recording

  @doc "The `on_mount` hook. Records once the socket is connected."
  @spec on_mount(:default, map() | :not_mounted_at_router, map(), socket) :: {:cont, socket}
        when socket: struct()
  def on_mount(:default, params, session, socket) do
    {:cont, attach(socket, params, session)}
  end

  @doc """
  Records the session of a connected socket. Without `params` and `session`,
  they are recorded as empty.
  """
  @spec attach(socket, map() | :not_mounted_at_router, map()) :: socket when socket: struct()
  def attach(socket, params \\ %{}, session \\ %{}) do
    if Phoenix.LiveView.connected?(socket), do: start(socket, params, session), else: socket
  end

  defp start(socket, params, session) do
    id = Base.url_encode64(:crypto.strong_rand_bytes(16), padding: false)
    sanitizer = sanitizer()

    recording = %Recording{
      id: id,
      view: socket.view,
      url: url(socket),
      params: sanitize_params(sanitizer, params),
      session: sanitize_params(sanitizer, session),
      connected_at: System.system_time(:millisecond),
      events: [{0, :mount, %{assigns: sanitizer.sanitize_assigns(socket.assigns)}}]
    }

    case Store.start_recording(id, recording) do
      :ok -> hook(socket, id)
      # The log says why; the application goes on unrecorded.
      :error -> socket
    end
  end

  defp hook(socket, id) do
    socket
    |> Phoenix.Component.assign(:_replay_id, id)
    |> Phoenix.Component.assign(:_replay_t0, System.monotonic_time(:millisecond))
    |> Phoenix.LiveView.attach_hook(:_replay_event, :handle_event, &handle_event/3)
    |> Phoenix.LiveView.attach_hook(:_replay_params, :handle_params, &handle_params/3)
    |> Phoenix.LiveView.attach_hook(:_replay_info, :handle_info, &handle_info/2)
    |> Phoenix.LiveView.attach_hook(:_replay_render, :after_render, &after_render/1)
  end

  defp handle_event(name, params, socket) do
    put_pending(socket, pending(socket) + 1)
    record(socket, :event, %{name: name, params: sanitize_params(sanitizer(), params)})
    {:cont, socket}
  end

  defp handle_params(params, url, socket) do
    payload = %{params: sanitize_params(sanitizer(), params), url: url}
    record(socket, :handle_params, payload)
    {:cont, socket}
  end

  defp handle_info(_message, socket) do
    record(socket, :info, %{})
    {:cont, socket}
  end

  # A render after several events can't be told apart into their changes, so
  # everything is recorded then.
  defp after_render(socket) do
    delta = sanitizer().sanitize_delta(socket.assigns.__changed__ || %{}, socket.assigns)

    cond do
      delta == %{} ->
        :ok

      pending(socket) > 1 ->
        record(socket, :assigns, %{snapshot: sanitizer().sanitize_assigns(socket.assigns)})

      true ->
        record(socket, :assigns, %{delta: delta})
    end

    put_pending(socket, 0)
    socket
  end

  defp pending(socket), do: Process.get({__MODULE__, socket.assigns[:_replay_id]}, 0)
  defp put_pending(socket, n), do: Process.put({__MODULE__, socket.assigns[:_replay_id]}, n)

  # A view may have replaced its assigns: then there is nothing to record to.
  defp record(%{assigns: assigns}, type, payload) do
    with id when is_binary(id) <- assigns[:_replay_id],
         t0 when is_integer(t0) <- assigns[:_replay_t0] do
      Store.append_event(id, {System.monotonic_time(:millisecond) - t0, type, payload})
    end
  end

  defp url(%{host_uri: %URI{} = uri}), do: URI.to_string(uri)
  defp url(_socket), do: nil

  defp sanitizer do
    Application.get_env(:phoenix_replay, :sanitizer, PhoenixReplay.Sanitizer)
  end

  # A LiveView outside the router has no params.
  defp sanitize_params(_sanitizer, params) when not is_map(params), do: %{}

  defp sanitize_params(sanitizer, params) do
    if Code.ensure_loaded?(sanitizer) and function_exported?(sanitizer, :sanitize_params, 1) do
      sanitizer.sanitize_params(params)
    else
      sanitizer.sanitize_assigns(params)
    end
  end
end
