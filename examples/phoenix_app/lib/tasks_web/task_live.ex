defmodule TasksWeb.TaskLive do
  use Phoenix.LiveView

  @impl true
  def mount(params, _session, socket) do
    {:ok, socket |> assign(user: params["user"] || "nobody", tasks: Tasks.all()) |> form("", nil)}
  end

  @impl true
  def handle_params(_params, _uri, socket), do: {:noreply, socket}

  @impl true
  def handle_event("validate", %{"task" => %{"title" => title}}, socket) do
    error = if String.trim(title) == "", do: "needs a title"
    {:noreply, form(socket, title, error)}
  end

  def handle_event("add", %{"task" => %{"title" => title}}, socket) do
    case Tasks.add(title) do
      {:ok, _task} -> {:noreply, socket |> assign(tasks: Tasks.all()) |> form("", nil)}
      {:error, error} -> {:noreply, form(socket, title, error)}
    end
  end

  def handle_event("toggle", %{"id" => id}, socket) do
    Tasks.toggle(String.to_integer(id))
    {:noreply, assign(socket, tasks: Tasks.all())}
  end

  defp form(socket, title, error) do
    assign(socket, form: to_form(%{"title" => title}, as: :task), error: error)
  end

  @impl true
  def render(assigns) do
    ~H"""
    <main>
      <h1>Tasks of {@user}</h1>

      <.form for={@form} id="new-task" phx-change="validate" phx-submit="add">
        <label for={@form[:title].id}>New task</label>
        <input
          type="text"
          id={@form[:title].id}
          name={@form[:title].name}
          value={@form[:title].value}
          autocomplete="off"
        />
        <button>Add</button>
        <p :if={@error} id="error">{@error}</p>
      </.form>

      <ul>
        <li :for={task <- @tasks} id={"task-#{task.id}"}>
          <button phx-click="toggle" phx-value-id={task.id}>
            {if task.done, do: "Again", else: "Done"}
          </button>
          <s :if={task.done}>{task.title}</s>
          <span :if={not task.done}>{task.title}</span>
        </li>
      </ul>
    </main>
    """
  end
end
