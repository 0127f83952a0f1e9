defmodule PhoenixReplay.Store.Active do
  @moduledoc false

  # The table of recordings in flight. A recording is the row `{id, -1}`, its
  # events are the rows `{id, 0}`, `{id, 1}` and so on, so that they lie together
  # and in order.

  alias PhoenixReplay.Recording

  @recording_row -1

  @spec create() :: :ok
  def create do
    :ets.new(__MODULE__, [:named_table, :public, :ordered_set, write_concurrency: true])
    :ok
  end

  @doc "Opens a recording. Raises `ArgumentError`, as all others do, without a table."
  @spec open(binary(), Recording.t()) :: true
  def open(id, recording), do: :ets.insert(__MODULE__, {{id, @recording_row}, recording})

  @spec put_event(binary(), non_neg_integer(), Recording.event()) :: true
  def put_event(id, index, event), do: :ets.insert(__MODULE__, {{id, index}, event})

  @doc "The index the next event gets, `:error` when there is no such recording."
  @spec next_index(binary()) :: {:ok, non_neg_integer()} | :error
  def next_index(id) do
    # Atoms sort after integers, so this is behind every row of the recording.
    case :ets.prev(__MODULE__, {id, :end}) do
      {^id, index} -> {:ok, index + 1}
      _other -> :error
    end
  end

  @doc "Puts a recording together."
  @spec collect(binary()) :: {:ok, Recording.t()} | :error
  def collect(id) do
    case :ets.select(__MODULE__, [{{{id, :_}, :"$1"}, [], [:"$1"]}]) do
      [%Recording{} = recording | events] -> {:ok, append(recording, events)}
      _none -> :error
    end
  end

  @doc "Puts those of the recordings together that are still there, newest first."
  @spec collect_all([binary()]) :: [Recording.t()]
  def collect_all(ids) do
    recordings = for id <- ids, {:ok, recording} <- [collect(id)], do: recording
    Enum.sort_by(recordings, & &1.connected_at, :desc)
  end

  @spec ids() :: [binary()]
  def ids, do: :ets.select(__MODULE__, [{{{:"$1", @recording_row}, :_}, [], [:"$1"]}])

  @spec delete(binary()) :: true
  def delete(id), do: :ets.match_delete(__MODULE__, {{id, :_}, :_})

  defp append(recording, events), do: %{recording | events: (recording.events || []) ++ events}
end
