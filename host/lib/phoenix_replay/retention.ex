defmodule PhoenixReplay.Retention do
  @moduledoc false

  alias PhoenixReplay.{Persistence, Storage}

  @doc "Deletes the stored recordings that the configured limits leave no room for."
  @spec run() :: :ok
  def run do
    Persistence.list_summaries()
    # A backend may list recordings in flight as well: they are not stored yet.
    |> Enum.reject(& &1.active?)
    |> expired(
      System.system_time(:millisecond),
      Application.get_env(:phoenix_replay, :max_recordings),
      Application.get_env(:phoenix_replay, :max_recording_age_ms)
    )
    |> Enum.each(&Persistence.storage_call(:delete, [&1], {:error, :storage_failed}))
  end

  @doc "The ids of `summaries`, which are newest first, that are over a limit; `nil` is no limit."
  @spec expired([Storage.summary()], integer(), non_neg_integer() | nil, non_neg_integer() | nil) ::
          [binary()]
  def expired(summaries, now_ms, max_recordings, max_age_ms) do
    {kept, too_many} = split(summaries, max_recordings)
    too_old = Enum.filter(kept, &older?(&1, now_ms, max_age_ms))
    Enum.map(too_many ++ too_old, & &1.id)
  end

  defp split(summaries, nil), do: {summaries, []}
  defp split(summaries, max_recordings), do: Enum.split(summaries, max_recordings)

  defp older?(_summary, _now_ms, nil), do: false
  defp older?(summary, now_ms, max_age_ms), do: now_ms - summary.connected_at > max_age_ms
end
