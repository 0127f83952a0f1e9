defmodule PhoenixReplay.Native.Keys do
  @moduledoc false
  # The keys of a keyword list that a user made: each known, and there once, as
  # of two that contradict each other one would count for nothing.

  @doc "Whether this is a keyword list like that; if not, what it is instead."
  @spec check(term(), [atom()]) :: :ok | :no_keywords | {:unknown, [atom()]} | {:repeated, atom()}
  def check(list, known) do
    if Keyword.keyword?(list) do
      keys = Keyword.keys(list)

      case {Enum.uniq(keys) -- known, keys -- known} do
        {[], []} -> :ok
        {[], [repeated | _]} -> {:repeated, repeated}
        {unknown, _} -> {:unknown, unknown}
      end
    else
      :no_keywords
    end
  end
end
