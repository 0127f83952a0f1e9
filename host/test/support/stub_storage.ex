defmodule PhoenixReplay.StubStorage do
  @moduledoc """
  A backend that tells the test what it is asked for.

  With `test: pid` among the options each call sends `{function, arguments}` to
  that process. A result is the next of the list under the function's name in
  the agent `script`, and when there is none left the obvious one. `:raise`
  raises.
  """

  @behaviour PhoenixReplay.Storage

  @impl true
  def init(opts), do: answer(:init, [], opts, :ok)

  @impl true
  def save(recording, opts), do: answer(:save, [recording], opts, :ok)

  @impl true
  def get(id, opts), do: answer(:get, [id], opts, :error)

  @impl true
  def list(opts), do: answer(:list, [], opts, [])

  @impl true
  def delete(id, opts), do: answer(:delete, [id], opts, :ok)

  @impl true
  def clear(opts), do: answer(:clear, [], opts, :ok)

  @doc "Makes this the backend, with the given results, until the test ends."
  def use_in_test(results \\ []) do
    script = ExUnit.Callbacks.start_supervised!({Agent, fn -> Map.new(results) end})

    PhoenixReplay.Case.configure(
      storage: __MODULE__,
      storage_opts: [test: self(), script: script]
    )
  end

  @doc "Gives the backend of `use_in_test/1` other results."
  def script(results) do
    Agent.update(PhoenixReplay.Storage.storage_opts()[:script], fn _ -> Map.new(results) end)
  end

  defp answer(function, arguments, opts, default) do
    if test = opts[:test], do: send(test, {function, arguments})

    case next(opts[:script], function, default) do
      :raise -> raise "told to"
      result -> result
    end
  end

  defp next(nil, _function, default), do: default

  defp next(agent, function, default) do
    Agent.get_and_update(agent, fn script ->
      {result, rest} = List.pop_at(Map.get(script, function, []), 0, default)
      {result, Map.put(script, function, rest)}
    end)
  end
end
