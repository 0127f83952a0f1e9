defmodule PhoenixReplay.Native.Summaries do
  @moduledoc false
  # The maps of a listing, from the tuples that the native library returns.
  # Here all maps share their keys; a map made through the NIF interface brings
  # its own, sorted and checked, which made a list of 10 000 take 3.7 ms instead
  # of 1.4.

  @compile {:inline, map: 7, owned: 7}

  @spec maps([tuple()]) :: [map()]
  def maps([{id, view, url, connected_at, event_count, duration_ms} | rest]) do
    [map(id, view, url, connected_at, event_count, duration_ms, false) | maps(rest)]
  end

  # The keys of the flags are there only when one is set, and that of the subject
  # when there is one: the summary of an ordinary recording is the host's, key by
  # key.
  def maps([{id, view, url, connected_at, event_count, duration_ms, subject} | rest]) do
    [owned(id, view, url, connected_at, event_count, duration_ms, subject) | maps(rest)]
  end

  def maps([{id, view, url, connected_at, event_count, duration_ms, active?, r?, t?, s} | rest]) do
    summary = map(id, view, url, connected_at, event_count, duration_ms, active?)
    summary = if s == nil, do: summary, else: Map.put(summary, :subject, s)
    flags = if r? or t?, do: %{recovered?: r?, truncated?: t?}, else: %{}
    [Map.merge(summary, flags) | maps(rest)]
  end

  def maps([]), do: []

  defp map(id, view, url, connected_at, event_count, duration_ms, active?) do
    %{
      id: id,
      view: view,
      url: url,
      connected_at: connected_at,
      event_count: event_count,
      duration_ms: duration_ms,
      active?: active?
    }
  end

  defp owned(id, view, url, connected_at, event_count, duration_ms, subject) do
    %{
      id: id,
      view: view,
      url: url,
      connected_at: connected_at,
      event_count: event_count,
      duration_ms: duration_ms,
      active?: false,
      subject: subject
    }
  end
end
