defmodule Bench.Peers.SqliteIndex do
  @moduledoc """
  Summaries in SQLite, with an index for every order and for what is looked up
  by a value, and the names of the events and the pages in tables of their own.
  """

  alias Bench.Peers.Sqlite

  @columns "id, view, url, connected_at, event_count, duration_ms, bytes"

  @doc "Fills the database with summaries that also have `:bytes`, `:names` and `:urls`."
  @spec fill(Bench.Peer.state(), [map()]) :: :ok
  def fill(database, summaries) do
    Sqlite.sql(database, "BEGIN")

    Sqlite.sql(database, """
    CREATE TABLE summaries (id TEXT PRIMARY KEY, view TEXT, url TEXT, connected_at INTEGER,
                            event_count INTEGER, duration_ms INTEGER, bytes INTEGER)
    """)

    Sqlite.sql(database, "CREATE TABLE names (name TEXT, id TEXT)")
    Sqlite.sql(database, "CREATE TABLE pages (url TEXT, path TEXT, id TEXT)")

    for summary <- summaries do
      Sqlite.sql(database, "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?)", [
        summary.id,
        inspect(summary.view),
        summary.url,
        summary.connected_at,
        summary.event_count,
        summary.duration_ms,
        summary.bytes
      ])

      for name <- summary.names,
          do: Sqlite.sql(database, "INSERT INTO names VALUES (?, ?)", [name, summary.id])

      for url <- summary.urls do
        values = [url, URI.parse(url).path, summary.id]
        Sqlite.sql(database, "INSERT INTO pages VALUES (?, ?, ?)", values)
      end
    end

    for column <- ~w(connected_at event_count duration_ms bytes),
        do: Sqlite.sql(database, "CREATE INDEX by_#{column} ON summaries (#{column}, id)")

    Sqlite.sql(database, "CREATE INDEX by_view ON summaries (view, connected_at)")
    Sqlite.sql(database, "CREATE INDEX by_name ON names (name, id)")
    Sqlite.sql(database, "CREATE INDEX by_path ON pages (path, id)")
    Sqlite.sql(database, "COMMIT")
    :ok
  end

  @doc """
  A page of summaries and how many there are, of those that `where` is true of,
  in an order. Where the page begins, `beyond` says, which does not count.
  """
  @spec page(Bench.Peer.state(), %{
          where: {String.t(), [term()]},
          beyond: {String.t(), [term()]},
          order: String.t()
        }) :: {[map()], non_neg_integer()}
  def page(database, %{where: {where, values}, beyond: {beyond, position}, order: order}) do
    statement =
      "SELECT #{@columns} FROM summaries WHERE (#{where}) AND (#{beyond}) " <>
        "ORDER BY #{order} LIMIT 50"

    page = Sqlite.rows(Sqlite.sql(database, statement, values ++ position))
    count = "SELECT count(*) FROM summaries WHERE #{where}"
    [{total}] = Sqlite.rows(Sqlite.sql(database, count, values))
    {Enum.map(page, &summary/1), total}
  end

  @doc "How many recordings each view has, each name of an event, and each day, by its number."
  @spec facets(Bench.Peer.state()) :: %{views: map(), events: map(), days: map()}
  def facets(database) do
    %{
      views: counts(database, "SELECT view, count(*) FROM summaries GROUP BY view"),
      events: counts(database, "SELECT name, count(*) FROM names GROUP BY name"),
      days:
        counts(
          database,
          "SELECT connected_at / 86400000 AS day, count(*) FROM summaries GROUP BY day"
        )
    }
  end

  defp counts(database, statement), do: Map.new(Sqlite.rows(Sqlite.sql(database, statement)))

  defp summary({id, view, url, connected_at, event_count, duration_ms, _bytes}) do
    %{
      id: id,
      view: String.to_existing_atom("Elixir." <> view),
      url: url,
      connected_at: connected_at,
      event_count: event_count,
      duration_ms: duration_ms,
      active?: false
    }
  end
end
