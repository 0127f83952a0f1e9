defmodule PhoenixReplay.Native.Test.Kill.Content do
  @moduledoc false
  # Recordings whose content follows from id, version and format, so that whoever reads one can
  # tell that it is one of them, whole, and which.

  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Recording

  @doc "The recording as it is saved. The higher the number at the end of its id, the later it began."
  def recording(id, version), do: build(id, version, :etf)

  @doc """
  Which one it is: `{:saved, version, format}`, or `{:session, events}`. It raises if
  it is none.
  """
  def identify!(%Recording{id: id} = recording) do
    if id =~ ~r/-live-\d+\z/ do
      {:session, Session.check!(recording)}
    else
      version = recording.params["v"]
      [{0, :mount, payload} | _] = recording.events
      format = if is_map_key(payload, :assigns), do: :etf, else: :json

      if build(id, version, format) != recording,
        do: raise("#{id} is not what was saved as version #{inspect(version)}")

      {:saved, version, format}
    end
  end

  defp build(id, version, format) do
    key = if format == :etf, do: & &1, else: &Atom.to_string/1
    hash = :erlang.phash2({id, version})
    {number, ""} = id |> String.split("-") |> List.last() |> Integer.parse()

    events =
      for n <- 1..(1 + rem(hash, 8)) do
        text = String.duplicate("#{hash}:#{n} ", rem(hash + n * 97, 300))
        {n, :event, %{key.(:name) => "e#{n}", key.(:params) => %{"id" => id, "text" => text}}}
      end

    %Recording{
      id: id,
      view: PhoenixReplay.Native.Test.FormLive,
      url: "http://localhost/" <> id,
      params: %{"v" => version},
      session: %{},
      connected_at: 1_600_000_000_000 + number,
      events: [{0, :mount, %{key.(:assigns) => %{key.(:id) => id}}} | events]
    }
  end
end
