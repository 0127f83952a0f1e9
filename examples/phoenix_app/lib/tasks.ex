defmodule Tasks do
  @moduledoc "The tasks, in memory."

  use Agent

  def start_link(_opts), do: Agent.start_link(fn -> [] end, name: __MODULE__)

  @doc "All tasks, the newest first."
  def all, do: Agent.get(__MODULE__, & &1)

  @doc "Adds a task, unless it has no title."
  def add(title) do
    case String.trim(title) do
      "" ->
        {:error, "needs a title"}

      title ->
        task = %{id: System.unique_integer([:positive]), title: title, done: false}
        Agent.update(__MODULE__, &[task | &1])
        {:ok, task}
    end
  end

  @doc "Marks a task as done, or as not done."
  def toggle(id) do
    Agent.update(__MODULE__, fn tasks ->
      for task <- tasks, do: if(task.id == id, do: %{task | done: not task.done}, else: task)
    end)
  end
end
