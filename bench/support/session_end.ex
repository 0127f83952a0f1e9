defmodule Bench.SessionEnd do
  @moduledoc """
  Ends sessions of 400 typical events, one after the other, in the VM where it
  is called, where as many recordings are stored as may be.
  """

  alias Bench.{Check, Corpus, Sessions, Side}
  alias PhoenixReplay.Storage

  # Newer than whatever is stored.
  @newest 2_000_000

  @doc """
  Opens the side on a directory of so many recordings, which is also how many it
  keeps. With none stored there is no limit to reach. Call this first.
  """
  @spec prepare(Side.t(), Path.t(), non_neg_integer()) :: :ok
  def prepare(side, path, size) do
    if size > 0, do: Application.put_env(:phoenix_replay, :max_recordings, size)
    # The baseline passes by what has unknown atoms.
    for number <- 1..200, do: Corpus.recording(:small, number)
    :ok = Side.open(side, path)
    Sessions.prepare(:typical)
    :persistent_term.put(__MODULE__, :counters.new(1, []))
    for _ <- 1..3, do: sample(side)
    Side.check_stored!(Sessions.recording(latest()))
  end

  @doc """
  Ends a session: the time from its exit, in ns, until it is saved, or, for the
  baseline, until it answers again.
  """
  @spec sample(Side.t()) :: integer()
  def sample(side) do
    # In a process of its own, which is told of nothing else.
    fn -> end_one(side) end |> Task.async() |> Task.await(:infinity)
  end

  defp end_one(side) do
    if side == :native, do: Side.watch(side)
    :counters.add(:persistent_term.get(__MODULE__), 1, 1)
    ended = Sessions.record_and_exit(side, latest())

    if side == :native,
      do: Side.await_saved(side, Sessions.id(latest())),
      else: Side.settle(side, 0)

    System.monotonic_time(:nanosecond) - ended
  end

  defp latest, do: @newest + ended()
  defp ended, do: :counters.get(:persistent_term.get(__MODULE__), 1)

  @doc "Raises unless in the end as many are stored as may be, the latest among them."
  @spec check(non_neg_integer()) :: :ok
  def check(size, attempts \\ 200) do
    summaries = Storage.backend().list_summaries(Storage.storage_opts())
    expected = if size > 0, do: size, else: ended()

    if length(summaries) != expected and attempts > 0 do
      Process.sleep(100)
      check(size, attempts - 1)
    else
      Check.equal!(length(summaries), expected, "recordings kept")
      Check.equal!(hd(summaries).id, Sessions.id(latest()), "the newest recording")
    end
  end
end
