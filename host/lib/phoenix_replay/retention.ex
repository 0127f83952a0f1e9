defmodule PhoenixReplay.Retention do
  @moduledoc false

  alias PhoenixReplay.Storage

  @doc """
  The ids of `summaries` that are over a limit. `max_recordings` that is no number
  of recordings, and `max_age_ms` that is no positive number, are no limit.
  """
  @spec expired([Storage.summary()], integer(), term(), term()) :: [binary()]
  def expired(summaries, now_ms, max_recordings, max_age_ms) do
    expired = too_old(summaries, now_ms, max_age_ms) ++ too_many(summaries, max_recordings)
    # A backend may list recordings in flight as well: they are not stored yet.
    for summary <- expired, not summary.active?, uniq: true, do: summary.id
  end

  defp too_old(summaries, now_ms, max_age_ms) when is_integer(max_age_ms) and max_age_ms > 0 do
    Enum.filter(summaries, &(now_ms - &1.connected_at > max_age_ms))
  end

  defp too_old(_summaries, _now_ms, _no_limit), do: []

  defp too_many(summaries, max_recordings)
       when is_integer(max_recordings) and max_recordings >= 0 do
    summaries |> Enum.sort_by(& &1.connected_at, :desc) |> Enum.drop(max_recordings)
  end

  defp too_many(_summaries, _no_limit), do: []
end
