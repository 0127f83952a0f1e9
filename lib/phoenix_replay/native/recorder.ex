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
  from the same setting as the host's recorder. The calls that store what was
  recorded differ, see `PhoenixReplay.Native.Store`.

  And it never raises into a LiveView, where the host's recorder takes the view
  down with it:

    * In a view that the router has not mounted (`live_render`, in a template or
      in another view) there are no params and no navigation: the params are
      recorded as empty, and `:handle_params` is not hooked into, which LiveView
      refuses there.
    * What a sanitizer raises on, or makes no map of, is left out: params and
      assigns are recorded as empty then, a change of assigns not at all. The log
      says so once per process, without what it was about.
    * A session is recorded once, even if it is attached to twice.

  ## Whom a session belongs to

      config :phoenix_replay, subject: {MyAppWeb.Replay, :subject}

      def subject(socket, _params, _session) do
        if user = socket.assigns[:current_user], do: user.id
      end

  The function gets the socket, the params and the session, as an `on_mount` hook
  does (without any, empty maps), and answers whom the session belongs to: a
  `t:PhoenixReplay.Native.subject/0`, or nil where that is not known. It is asked
  when recording starts. Where it answers nil then, because who the user is comes
  out only in `mount/3` or `handle_params/3`, it is asked once more, after the
  first render.

  Sessions are found, counted and erased by it, see `PhoenixReplay.Native`. It is
  kept beside the recording, in a place that the pure-Elixir backend passes by. If
  the function raises, or answers anything else, the log says so once per process,
  without what it was about, and the session belongs to nobody.
  """

  # Found at run time, in the application: this library is compiled without.
  @compile {:no_warn_undefined, [Phoenix.LiveView, Phoenix.Component]}

  alias PhoenixReplay.Native.{Fault, Rules, Store, Subject}
  alias PhoenixReplay.Recording

  # What is noted of a session between renders, at first.
  @nothing {0, nil}

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
    guarded(socket, fn ->
      if Phoenix.LiveView.connected?(socket) and not recorded?(socket),
        do: start(socket, params, session),
        else: socket
    end)
  end

  defp recorded?(socket), do: is_map_key(socket.assigns, :_replay_id)

  defp start(socket, params, session) do
    id = Base.url_encode64(:crypto.strong_rand_bytes(16), padding: false)

    recording = %Recording{
      id: id,
      view: socket.view,
      url: url(socket),
      params: sanitize_params(params),
      session: sanitize_params(session),
      connected_at: System.system_time(:millisecond),
      events: [{0, :mount, %{assigns: sanitize_assigns(socket.assigns)}}]
    }

    hooked = hook(socket, id)
    subject = subject(id, socket, params, session)

    case Store.start_recording(id, recording, subject) do
      :ok -> hooked
      # The log says why; the application goes on unrecorded.
      :error -> socket
    end
  end

  # What is not known yet is asked for again, by what was given here.
  defp subject(id, socket, params, session) do
    case Subject.of_session(socket, params, session) do
      {:ok, nil} ->
        note(id, {0, {params, session}})
        nil

      {:ok, subject} ->
        subject

      :error ->
        nil
    end
  end

  defp ask_again(id, socket, events, {params, session}) do
    note(id, {events, nil})

    with {:ok, subject} when subject != nil <- Subject.of_session(socket, params, session),
         do: Store.put_subject(id, subject)
  end

  defp hook(socket, id) do
    rules_of = Rules.sanitizer()

    socket
    |> Phoenix.Component.assign(:_replay_id, id)
    |> Phoenix.Component.assign(:_replay_t0, System.monotonic_time(:millisecond))
    |> Phoenix.LiveView.attach_hook(:_replay_event, :handle_event, &handle_event/3)
    |> hook_params()
    |> Phoenix.LiveView.attach_hook(:_replay_info, :handle_info, &handle_info/2)
    |> Phoenix.LiveView.attach_hook(:_replay_render, :after_render, &after_render(&1, rules_of))
  end

  # Elsewhere it is this call that raises, or LiveView, right after the mount,
  # because of the hook.
  defp hook_params(%{router: router, root_pid: root, host_uri: %URI{}} = socket)
       when router != nil and root == self() do
    Phoenix.LiveView.attach_hook(socket, :_replay_params, :handle_params, &handle_params/3)
  end

  defp hook_params(socket), do: socket

  defp handle_event(name, params, socket) do
    guarded(:ok, fn ->
      id = socket.assigns[:_replay_id]
      {events, unknown} = noted(id)
      note(id, {events + 1, unknown})
      record(socket, :event, %{name: name, params: sanitize_params(params)})
    end)

    {:cont, socket}
  end

  defp handle_params(params, url, socket) do
    guarded(:ok, fn ->
      record(socket, :handle_params, %{params: sanitize_params(params), url: url})
    end)

    {:cont, socket}
  end

  defp handle_info(_message, socket) do
    guarded(:ok, fn -> record(socket, :info, %{}) end)
    {:cont, socket}
  end

  # A render after several events can't be told apart into their changes, so
  # everything is recorded then. A view may have replaced its assigns: then there
  # is nothing to record to.
  defp after_render(%{assigns: %{_replay_id: id, _replay_t0: t0} = assigns} = socket, rules_of)
       when is_binary(id) and is_integer(t0) do
    guarded(:ok, fn ->
      {events, unknown} = noted(id)
      if unknown, do: ask_again(id, socket, events, unknown)
      changed = Map.get(assigns, :__changed__) || %{}
      form = if events < 2, do: :delta, else: :snapshot

      # By the rules of the host's sanitizer, where the encoder knows them: then
      # nothing is made anew for it, and what has not changed is the term it was.
      with true <- rules_of != nil and rules_of == sanitizer(),
           offset = System.monotonic_time(:millisecond) - t0,
           raw = {offset, form, changed, assigns},
           result when result != :refused <- Store.append_raw(id, raw, temporary(socket)) do
        result
      else
        _not_by_the_encoder -> record_sanitized(socket, form, changed)
      end

      if events > 0, do: note(id, @nothing)
    end)

    socket
  end

  defp after_render(socket, _rules_of), do: socket

  defp record_sanitized(socket, form, changed) do
    delta = sanitized(fn -> sanitizer().sanitize_delta(changed, socket.assigns) end)

    cond do
      delta == %{} -> :ok
      form == :delta -> record(socket, :assigns, %{delta: delta})
      true -> record_all(socket, sanitize_assigns(socket.assigns))
    end
  end

  # LiveView forgets these after each render, and so must we.
  defp temporary(%{private: %{temporary_assigns: temporary}}) when temporary != %{},
    do: Enum.map(temporary, fn {key, _default} -> key end)

  defp temporary(_socket), do: []

  # Nothing is what is left where sanitizing fails, and would undo what is known.
  defp record_all(_socket, assigns) when assigns == %{}, do: :ok
  defp record_all(socket, assigns), do: record(socket, :assigns, %{snapshot: assigns})

  # How many events came since the last render, and what a subject that is not
  # known yet is to be asked for by.
  defp noted(id), do: Process.get({__MODULE__, id}, @nothing)
  defp note(id, noted), do: Process.put({__MODULE__, id}, noted)

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
  defp sanitize_params(params) when not is_map(params), do: %{}

  defp sanitize_params(params) do
    sanitizer = sanitizer()

    if Code.ensure_loaded?(sanitizer) and function_exported?(sanitizer, :sanitize_params, 1),
      do: sanitized(fn -> sanitizer.sanitize_params(params) end),
      else: sanitize_assigns(params)
  end

  defp sanitize_assigns(assigns), do: sanitized(fn -> sanitizer().sanitize_assigns(assigns) end)

  defp sanitized(fun), do: guarded(%{}, fn -> %{} = fun.() end)

  # Whatever goes wrong here goes wrong for the recording alone.
  defp guarded(otherwise, fun),
    do: Fault.guard(:not_recorded, otherwise, fun)
end
