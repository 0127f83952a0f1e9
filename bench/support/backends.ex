defmodule Bench.Backends do
  @moduledoc """
  The two sides: the native backend and the pure-Elixir one.
  """

  alias PhoenixReplay.Storage

  def native, do: Storage.Native
  def baseline, do: Storage.File

  @doc "An endless supply of recordings with ids of their own, in turn from `originals`."
  @spec supply([PhoenixReplay.Recording.t()]) :: (() -> PhoenixReplay.Recording.t())
  def supply(originals) do
    counter = :atomics.new(1, [])
    originals = List.to_tuple(originals)

    # Also of processes that ask at once, no two get the same one.
    fn ->
      number = :atomics.add_get(counter, 1, 1)
      original = elem(originals, rem(number, tuple_size(originals)))
      # The same length as the host's ids, and cheap to make.
      %{original | id: "bench_" <> String.pad_leading(Integer.to_string(number), 16, "0")}
    end
  end

  @doc "A function that takes the values of a list in turn, endlessly."
  @spec cycle([value]) :: (() -> value) when value: term()
  def cycle(values) do
    counter = :counters.new(1, [])
    values = List.to_tuple(values)

    fn ->
      :counters.add(counter, 1, 1)
      elem(values, rem(:counters.get(counter, 1), tuple_size(values)))
    end
  end

  @doc """
  Saves a recording through a backend in a directory of its own and reads it
  back through both: a save is right when either backend sees what was saved.
  """
  @spec check_save!(Bench.Run.t(), module(), PhoenixReplay.Recording.t(), keyword()) :: :ok
  def check_save!(run, backend, recording, opts \\ []) do
    opts = [path: Bench.Workspace.directory(run, "check")] ++ opts
    Bench.Check.equal!(backend.save(recording, opts), :ok, "#{inspect(backend)}.save")
    {:ok, expected} = baseline().get(recording.id, opts)
    if opts[:format] != :json, do: Bench.Check.equal!(expected, recording, "the file read back")
    Bench.Check.equal!(native().get(recording.id, opts), {:ok, expected}, "what both read")
  end
end
