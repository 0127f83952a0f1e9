defmodule PhoenixReplay.Case do
  @moduledoc "What the tests share: recordings, a directory, configuration that is undone."

  use ExUnit.CaseTemplate

  alias PhoenixReplay.{Persistence, Recording, Store}
  alias PhoenixReplay.Store.Active

  using do
    quote do
      import PhoenixReplay.Case
      alias PhoenixReplay.{Recording, StubStorage}
    end
  end

  @doc "A recording with a click."
  def recording(id, fields \\ []) do
    struct!(
      %Recording{
        id: id,
        view: PhoenixReplay.Case.Live,
        url: "http://localhost/tasks",
        params: %{"page" => "1"},
        session: %{},
        connected_at: 1_700_000_000_000,
        events: [mount(0), click(12)]
      },
      fields
    )
  end

  def mount(offset_ms), do: {offset_ms, :mount, %{assigns: %{count: 0}}}
  def click(offset_ms), do: {offset_ms, :event, %{name: "click", params: %{"id" => "1"}}}

  def navigation(offset_ms) do
    {offset_ms, :handle_params, %{params: %{}, url: "http://localhost/tasks"}}
  end

  @doc "A new directory that is removed after the test."
  def tmp_dir do
    name = "phoenix_replay-#{System.pid()}-#{System.unique_integer([:positive])}"
    path = Path.join(System.tmp_dir!(), name)
    File.mkdir_p!(path)
    on_exit(fn -> File.rm_rf!(path) end)
    path
  end

  @doc "Sets keys of the application environment until the test ends."
  def configure(settings) do
    for {key, value} <- settings do
      before = Application.fetch_env(:phoenix_replay, key)
      Application.put_env(:phoenix_replay, key, value)

      on_exit(fn ->
        case before do
          {:ok, value} -> Application.put_env(:phoenix_replay, key, value)
          :error -> Application.delete_env(:phoenix_replay, key)
        end
      end)
    end

    :ok
  end

  @doc "A process in the place of a LiveView, with a recording of its own."
  def start_live(recording) do
    {:ok, live} = Agent.start(fn -> Store.start_recording(recording.id, recording) end)

    # Without its rows there is nothing to save when it goes.
    on_exit(fn ->
      Active.delete(recording.id)
      Process.exit(live, :kill)
      await_unwatched(recording.id)
    end)

    live
  end

  @doc """
  Returns when the exit of a process has reached the store, which it does in its
  own time: it must not be in the next test.
  """
  def await_unwatched(id) do
    if id in Map.values(:sys.get_state(Store).monitors), do: await_unwatched(id), else: :ok
  end

  @doc "Appends an event in the process of `start_live/1`."
  def append(live, id, event), do: Agent.get(live, fn _state -> Store.append_event(id, event) end)

  @doc "Returns when the servers have done what they were told so far."
  def settle do
    for server <- [Store, Persistence, Store], do: :sys.get_state(server)
    :ok
  end
end
