defmodule Bench.Check do
  @moduledoc """
  What makes a figure worth printing: the results were right.
  """

  @doc "Raises unless both are equal, naming what was compared."
  @spec equal!(term(), term(), String.t()) :: :ok
  def equal!(same, same, _what), do: :ok

  def equal!(actual, expected, what) do
    raise """
    #{what}: wrong result, so nothing is timed
    got:      #{inspect(actual, limit: 8, printable_limit: 200)}
    expected: #{inspect(expected, limit: 8, printable_limit: 200)}
    """
  end
end
