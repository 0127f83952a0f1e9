defmodule Bench.Questions do
  @moduledoc """
  What the section `query` asks about small recordings, of each question the
  same three times: as arguments of `PhoenixReplay.Native.query/3`, as functions of
  a summary, and in SQL. Selective ones let through between 1 in 10 and 1 in
  4 000.

    * `:filters`, `:sort`; `:skip`: how many come before the page
    * `:keep`: whether a summary is let through; `:key`: what the order is by, the
      largest first; `:from`: what has to be read for both
    * `:where`, `:beyond`, `:order`: see `Bench.Peers.SqliteIndex.page/2`
  """

  @doc "The questions about a directory, given its summaries, the newest first."
  @spec all([map()]) :: [map()]
  def all(facts) do
    size = length(facts)
    middle = Enum.at(facts, div(size, 2))
    from = Enum.at(facts, div(size, 2) + div(size, 200)).connected_at
    view = Bench.Traffic.CheckoutLive
    two = binary_part(middle.id, 0, 2)

    [
      query("newest", []),
      query("oldest", sort: :oldest, key: &(-&1.connected_at), order: "connected_at"),
      query("longest", sort: :longest, key: & &1.duration_ms, order: "duration_ms DESC"),
      query("most_events",
        sort: :most_events,
        key: & &1.event_count,
        order: "event_count DESC"
      ),
      query("largest", sort: :largest, key: & &1.bytes, order: "bytes DESC", from: :sizes),
      query("view",
        filters: [view: view],
        keep: &(&1.view == view),
        where: {"view = ?", [inspect(view)]}
      ),
      query("url",
        filters: [url: "cart/f"],
        keep: &Enum.any?(&1.urls, fn url -> String.contains?(url, "cart/f") end),
        where: {"id IN (SELECT id FROM pages WHERE instr(url, ?))", ["cart/f"]},
        from: :recordings
      ),
      query("path",
        filters: [path: {:prefix, "/cart/f"}],
        keep: &Enum.any?(&1.paths, fn path -> String.starts_with?(path, "/cart/f") end),
        where: {
          "id IN (SELECT id FROM pages WHERE path >= ? AND path < ?)",
          ["/cart/f", "/cart/g"]
        },
        from: :recordings
      ),
      query("id",
        filters: [id: two],
        keep: &String.starts_with?(&1.id, two),
        where: {"id >= ? AND id < ?", [two, two <> "\x7F"]}
      ),
      query("time",
        filters: [from: from, to: middle.connected_at],
        keep: &(&1.connected_at >= from and &1.connected_at < middle.connected_at),
        where: {"connected_at >= ? AND connected_at < ?", [from, middle.connected_at]}
      ),
      query("event",
        filters: [event: "refund"],
        keep: &("refund" in &1.names),
        where: {"id IN (SELECT id FROM names WHERE name = ?)", ["refund"]},
        from: :recordings
      ),
      query("min_events",
        filters: [min_events: 38],
        keep: &(&1.event_count >= 38),
        where: {"event_count >= ?", [38]}
      ),
      query("view_longest",
        filters: [view: view, min_events: 20],
        keep: &(&1.view == view and &1.event_count >= 20),
        where: {"view = ? AND event_count >= ?", [inspect(view), 20]},
        sort: :longest,
        key: & &1.duration_ms,
        order: "duration_ms DESC"
      ),
      query("page_in_the_middle",
        skip: div(size, 2),
        beyond: {"connected_at < ?", [Enum.at(facts, div(size, 2) - 1).connected_at]}
      )
    ]
  end

  defp query(name, fields) do
    defaults = %{
      name: name,
      filters: [],
      sort: :newest,
      skip: 0,
      keep: fn _ -> true end,
      key: & &1.connected_at,
      from: :summaries,
      where: {"1", []},
      beyond: {"1", []},
      order: "connected_at DESC"
    }

    Map.merge(defaults, Map.new(fields))
  end
end
