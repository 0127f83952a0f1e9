defmodule Bench.Peers.Sqlite do
  @moduledoc false
  # SQLite through the driver of Debian's package erlang-p1-sqlite3: a table
  # with what a list needs in columns and the events in a blob, write-ahead log,
  # `synchronous` NORMAL (a commit survives a crash of the program, not always
  # one of the machine).

  @behaviour Bench.Peer

  @driver :sqlite3

  @impl true
  def open(directory) do
    if Code.ensure_loaded?(@driver), do: connect(directory), else: :unavailable
  end

  defp connect(directory) do
    file = directory |> Path.join("recordings.sqlite") |> String.to_charlist()
    {:ok, database} = call(:open, [:bench_sqlite, [file: file]])
    sql(database, "PRAGMA journal_mode=WAL")
    sql(database, "PRAGMA synchronous=NORMAL")

    sql(database, """
    CREATE TABLE recordings (id TEXT PRIMARY KEY, view TEXT, url TEXT, connected_at INTEGER,
                             event_count INTEGER, duration_ms INTEGER, recording BLOB)
    """)

    sql(database, "CREATE INDEX newest ON recordings (connected_at DESC)")
    sql(database, "CREATE TABLE events (id TEXT, number INTEGER, event BLOB)")
    {:ok, database}
  end

  @impl true
  def save(database, recording) do
    {duration_ms, _, _} = List.last(recording.events)

    sql(database, "INSERT OR REPLACE INTO recordings VALUES (?, ?, ?, ?, ?, ?, ?)", [
      recording.id,
      inspect(recording.view),
      recording.url,
      recording.connected_at,
      length(recording.events),
      duration_ms,
      {:blob, :erlang.term_to_binary(recording)}
    ])

    :ok
  end

  @impl true
  def get(database, id) do
    case rows(sql(database, "SELECT recording FROM recordings WHERE id = ?", [id])) do
      [{{:blob, bytes}}] -> {:ok, :erlang.binary_to_term(bytes, [:safe])}
      [] -> :error
    end
  end

  @impl true
  def append(database, id, number, event) do
    blob = {:blob, :erlang.term_to_binary(event)}
    sql(database, "INSERT INTO events VALUES (?, ?, ?)", [id, number, blob])
    :ok
  end

  @impl true
  def events(database, id) do
    statement = "SELECT event FROM events WHERE id = ? ORDER BY number"

    for {{:blob, bytes}} <- rows(sql(database, statement, [id])),
        do: :erlang.binary_to_term(bytes, [:safe])
  end

  @doc "Summaries of all recordings, newest first."
  def summaries(database) do
    for {id, view, url, connected_at, event_count, duration_ms} <-
          rows(
            sql(database, """
            SELECT id, view, url, connected_at, event_count, duration_ms
            FROM recordings ORDER BY connected_at DESC
            """)
          ) do
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

  @impl true
  def close(database), do: call(:close, [database])

  @doc "Executes a statement; raises where it fails."
  def sql(database, statement, values \\ []) do
    case call(:sql_exec, [database, statement, values]) do
      {:error, code, reason} -> raise "SQLite: #{inspect(code)} #{reason}"
      result -> result
    end
  end

  @doc "The rows of its result."
  def rows(columns: _, rows: rows), do: rows

  # Not a direct call: the compiler would warn where the driver is missing.
  defp call(function, arguments), do: apply(@driver, function, arguments)
end
