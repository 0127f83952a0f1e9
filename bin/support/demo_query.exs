# What can be asked about the traffic of bin/demo: sessions by what happened in them, how they
# spread, and a text that is somewhere in them.

defmodule Demo.Query do
  import Demo.Text

  alias PhoenixReplay.Native

  @shown 3

  def ask(opts) do
    # What happened most, of the names that are there.
    {:ok, %{events: [_ | _] = events} = facets} = Native.facets([], [], opts)
    {event, _count} = Enum.at(events, 1) || hd(events)
    view = facets.views |> hd() |> elem(0)

    query([view: view, event: event, min_events: 20], [sort: :longest, limit: @shown], opts)
    facets([event: event], opts)
  end

  defp query(filters, page, opts) do
    IO.puts("PhoenixReplay.Native.query(#{inspect(filters)}, #{inspect(page)})")
    {us, {:ok, found}} = :timer.tc(fn -> Native.query(filters, page, opts) end)
    IO.puts("#{found.total} sessions in #{took(us)}, from the index; the longest of them:")

    rows =
      for summary <- found.recordings,
          do: [summary.id, "#{summary.event_count}", "#{summary.duration_ms} ms"]

    print_table(["id", "events", "duration"], rows)
  end

  defp facets(filters, opts) do
    IO.puts("\nPhoenixReplay.Native.facets(#{inspect(filters)})")
    {us, {:ok, facets}} = :timer.tc(fn -> Native.facets(filters, [], opts) end)
    IO.puts("how those sessions spread, in #{took(us)}:")

    for name <- [:views, :events, :paths, :days] do
      shown = facets |> Map.fetch!(name) |> Enum.take(@shown)
      values = Enum.map_join(shown, ", ", fn {value, count} -> "#{value(value)} (#{count})" end)
      IO.puts("  #{name}: #{values}")
    end
  end

  defp value(%Date{} = date), do: Date.to_string(date)
  defp value(view) when is_atom(view), do: inspect(view)
  defp value(text), do: text
end
