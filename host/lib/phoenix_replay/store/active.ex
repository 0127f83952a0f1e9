defmodule PhoenixReplay.Store.Active do
  @moduledoc false

  # The table of recordings in flight. A recording is the row `{id, -1}`, its
  # events are the rows `{id, 0}`, `{id, 1}` and so on, so that they lie together
  # and in order. Without the table everything raises `ArgumentError`.

  alias PhoenixReplay.Recording

  @recording_row -1

  @spec create() :: :ok
  def create do
    :ets.new(__MODULE__, [:named_table, :public, :ordered_set, write_concurrency: true])
    :ok
  end

  @doc "Opens a recording."
  @spec open(binary(), Recording.t()) :: true
  def open(id, recording), do: :ets.insert(__MODULE__, {{id, @recording_row}, recording})

  @spec put_event(binary(), non_neg_integer(), Recording.event()) :: true
  def put_event(id, index, event), do: :ets.insert(__MODULE__, {{id, index}, event})

  @doc "Puts a recording together."
  @spec collect(binary()) :: {:ok, Recording.t()} | :error
  def collect(id) do
    case :ets.select(__MODULE__, [{{{id, :_}, :"$1"}, [], [:"$1"]}]) do
      [%Recording{} = recording | events] ->
        {:ok, %{recording | events: recording.events ++ events}}

      # Events that came after the end of their recording.
      _none ->
        :error
    end
  end

  @spec delete(binary()) :: true
  def delete(id), do: :ets.match_delete(__MODULE__, {{id, :_}, :_})
end
