defmodule PhoenixReplay.Recordings do
  @moduledoc false

  # What can be said about recordings, wherever they are kept.

  alias PhoenixReplay.{Recording, Storage, Store}

  @doc "Summarizes a stored recording."
  @spec summary(Recording.t()) :: Storage.summary()
  def summary(%Recording{} = recording) do
    %{
      id: recording.id,
      view: recording.view,
      url: recording.url,
      connected_at: recording.connected_at,
      event_count: length(recording.events),
      duration_ms: total_duration(recording),
      active?: false
    }
  end

  @doc "Summarizes a recording that is still in flight."
  @spec active_summary(Recording.t()) :: Storage.summary()
  def active_summary(%Recording{} = recording), do: %{summary(recording) | active?: true}

  @doc "As much of a recording as its summary tells."
  @spec of_summary(Storage.summary()) :: Recording.t()
  def of_summary(summary) do
    known = Map.take(summary, [:id, :view, :url, :connected_at])
    struct(%Recording{params: %{}, session: %{}, events: []}, known)
  end

  @doc "Summaries of what is in flight, then of what is stored, each newest first."
  @spec list_summaries() :: [Storage.summary()]
  def list_summaries, do: Store.list_active_summaries() ++ Store.list_recording_summaries()

  @doc "Finds a stored recording or, failing that, one in flight."
  @spec fetch(binary()) :: {:ok, Recording.t()} | :error
  def fetch(id) do
    with :error <- Store.get_recording(id), do: Store.get_active(id)
  end

  @doc "Like `fetch/1`, but there must be one."
  @spec fetch!(binary()) :: Recording.t()
  def fetch!(id) do
    case fetch(id) do
      {:ok, recording} -> recording
      :error -> raise "there is no recording #{id}"
    end
  end

  @doc "The offset of each event in milliseconds, and its place among them."
  @spec event_offsets(Recording.t()) :: [%{ms: non_neg_integer(), index: non_neg_integer()}]
  def event_offsets(%Recording{events: events}) do
    for {{offset, _type, _payload}, index} <- Enum.with_index(events),
        do: %{ms: offset, index: index}
  end

  @doc "The offset of the last event in milliseconds, 0 without events."
  @spec total_duration(Recording.t()) :: non_neg_integer()
  def total_duration(%Recording{events: events}) do
    {offset, _type, _payload} = List.last(events, {0, nil, nil})
    offset
  end

  @doc """
  Whether the user did anything: any `:event`, or a second `:handle_params`
  (the first one belongs to the mount). Nothing else is worth keeping.
  """
  @spec user_events?(Recording.t()) :: boolean()
  def user_events?(%Recording{events: events}), do: user_events?(events, 0)

  defp user_events?([{_offset, :event, _payload} | _rest], _navigations), do: true
  defp user_events?([{_offset, :handle_params, _payload} | _rest], 1), do: true

  defp user_events?([{_offset, :handle_params, _payload} | rest], navigations) do
    user_events?(rest, navigations + 1)
  end

  defp user_events?([_other | rest], navigations), do: user_events?(rest, navigations)
  defp user_events?([], _navigations), do: false
end
