defmodule PhoenixReplay.Native.Room do
  @moduledoc false
  # Space for a long list, before it is made.
  #
  # A heap grows step by step, and each step copies what is there: of the 44 ms
  # that the summaries of 100 000 recordings took a fresh process, 23 were that.

  # A summary takes 20 words as a tuple with its strings, and 11 as a map that
  # shares them; the list's cells come on top.
  @words_per_summary 40

  # A shorter list is made before there is anything to gain.
  @worthwhile 5_000

  @doc "Calls `make` with space for so many summaries."
  @spec for_summaries(non_neg_integer(), (() -> result)) :: result when result: var
  def for_summaries(count, make) when count < @worthwhile, do: make.()

  def for_summaries(count, make) do
    # A process with a limit is to reach it by what it holds, not by this.
    if limited?(), do: make.(), else: with_room(count, make)
  end

  defp limited? do
    {:garbage_collection, settings} = Process.info(self(), :garbage_collection)
    settings[:max_heap_size].size > 0
  end

  defp with_room(count, make) do
    before = :erlang.process_flag(:min_heap_size, count * @words_per_summary)

    try do
      # Here the heap is made as large as that.
      :erlang.garbage_collect(self(), type: :minor)
      make.()
    after
      :erlang.process_flag(:min_heap_size, before)
    end
  end
end
