defmodule Bench.Renders do
  @moduledoc """
  Times what a recorder does after a render, in the process of the view, in the VM
  where it is called: from the hook being called to the event being acknowledged.

  The native side's recorder is `PhoenixReplay.Native.Recorder`, the baseline's
  `Bench.HostRecorder`. Both are called as LiveView calls a hook.
  """

  alias Bench.{Check, Editing, HostRecorder, Side, Traffic}
  alias Phoenix.LiveView.Lifecycle
  alias PhoenixReplay.Native.Test.Live
  alias PhoenixReplay.Native.{Directories, Nif, Recorder}
  alias PhoenixReplay.{Recording, Sanitizer, Storage}

  @table PhoenixReplay.Store.Active

  @doc "Opens the side in this VM and checks what it records. Call this first."
  @spec prepare(Side.t(), Path.t(), [Editing.profile()]) :: :ok
  def prepare(side, path, profiles) do
    :ok = Side.open(side, path, clean_up?: false)
    Enum.each([Editing.Order, Editing.Task], &Code.ensure_loaded!/1)
    Enum.each(profiles, &check(side, &1))
  end

  @doc "The time of one hook, in ns: the mean over a session of `steps` renders."
  @spec time(Side.t(), Editing.profile(), pos_integer()) :: float()
  def time(side, profile, steps) do
    # The session before may just be being saved.
    Side.settle(side, 0)

    in_view(fn ->
      socket = attach(side, Live.socket(assigns: Editing.start(profile)))
      total(socket, profile, 1, steps, 0) / steps
    end)
  end

  # Each step is made just before, as in a view, and timed alone.
  defp total(_socket, _profile, n, steps, total) when n > steps, do: total

  defp total(socket, profile, n, steps, total) do
    socket = %{socket | assigns: Editing.step(profile, socket.assigns, n)}
    started = System.monotonic_time(:nanosecond)
    Lifecycle.after_render(socket)
    elapsed = System.monotonic_time(:nanosecond) - started
    total(socket, profile, n + 1, steps, total + elapsed)
  end

  @doc "The bytes that an event takes while its session is in flight."
  @spec bytes(Side.t(), Editing.profile(), pos_integer()) :: float()
  def bytes(side, profile, steps) do
    Side.settle(side, 0)

    in_view(fn ->
      socket = attach(side, Live.socket(assigns: Editing.start(profile)))
      before = held(side)
      total(socket, profile, 1, steps, 0)
      (held(side) - before) / steps
    end)
  end

  defp held(:native) do
    {:ok, {directory, _format}} = Directories.fetch(Storage.storage_opts())
    {used, _all} = Nif.store_slab(directory)
    used
  end

  # With what is held of large binaries, but not their bytes: these are shared.
  defp held(:baseline), do: :ets.info(@table, :memory) * :erlang.system_info(:wordsize)

  defp check(side, profile) do
    in_view(fn ->
      socket = attach(side, Live.socket(assigns: Editing.start(profile)))

      {expected, _socket} =
        Enum.map_reduce(1..30, socket, fn n, socket ->
          assigns = Editing.step(profile, socket.assigns, n)
          socket = Lifecycle.after_render(%{socket | assigns: assigns})
          {%{delta: Sanitizer.sanitize_delta(assigns.__changed__, assigns)}, socket}
        end)

      {:ok, recording} = Side.store(side).get_active(socket.assigns._replay_id)
      recorded = for {_, :assigns, payload} <- recording.events, do: payload
      Check.equal!(recorded, expected, "what was recorded of #{profile}")
    end)
  end

  # A heap that need not be collected while times are taken.
  defp in_view(fun) do
    {pid, monitor} =
      :erlang.spawn_opt(fn -> exit({:result, fun.()}) end, [
        :monitor,
        min_heap_size: 4_000_000
      ])

    receive do
      {:DOWN, ^monitor, :process, ^pid, {:result, result}} -> result
      {:DOWN, ^monitor, :process, ^pid, reason} -> raise Exception.format_exit(reason)
    end
  end

  defp attach(:native, socket), do: Recorder.attach(socket)

  defp attach(:baseline, socket) do
    id = Traffic.id({:renders, System.unique_integer()})

    recording = %Recording{
      id: id,
      view: socket.view,
      url: "http://localhost:4000",
      params: %{},
      session: %{},
      connected_at: System.system_time(:millisecond),
      events: [{0, :mount, %{assigns: Sanitizer.sanitize_assigns(socket.assigns)}}]
    }

    :ok = PhoenixReplay.Store.start_recording(id, recording)

    socket
    |> Phoenix.Component.assign(:_replay_id, id)
    |> Phoenix.Component.assign(:_replay_t0, System.monotonic_time(:millisecond))
    |> Phoenix.LiveView.attach_hook(:_replay_render, :after_render, &HostRecorder.after_render/1)
  end
end
