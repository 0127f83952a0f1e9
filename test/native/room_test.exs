defmodule PhoenixReplay.Native.RoomTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.Native.Room

  @words 10_000 * 40

  test "a long list is made in space that is there, and the setting is left as it was" do
    before = min_heap_size()
    assert Room.for_summaries(10_000, fn -> heap_size() end) >= @words
    assert min_heap_size() == before
    catch_throw(Room.for_summaries(10_000, fn -> throw(:up) end))
    assert min_heap_size() == before
  end

  test "a process whose heap is limited is not brought to its limit" do
    limit = %{size: div(@words, 2), kill: true, error_logger: false}

    task =
      Task.async(fn ->
        Process.flag(:max_heap_size, limit)
        Room.for_summaries(10_000, fn -> :made end)
      end)

    assert Task.await(task, :infinity) == :made
  end

  defp heap_size, do: elem(Process.info(self(), :heap_size), 1)

  defp min_heap_size do
    {:garbage_collection, settings} = Process.info(self(), :garbage_collection)
    settings[:min_heap_size]
  end
end
