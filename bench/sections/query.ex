defmodule Bench.Sections.Query do
  @moduledoc """
  A page of 50 and the total: of all recordings in some order, and of those that
  a filter lets through.

  A name with `in_elixir` at its end is compared with our own
  `list_summaries/1`, filtered, sorted and counted in Elixir, and for the sizes
  with a look at each file; the pure-Elixir backend would read them all before
  that. It has to for the names of events, which are in no summary, and is the
  baseline there. What reads files is measured with the fewest recordings and
  multiplied. SQLite has an index for every order, for the view and for the names
  of events, and counts as we do.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Figure, Peer, Questions, Run, Traffic}
  alias Bench.Peers.SqliteIndex
  alias PhoenixReplay.Native

  @limit 50

  @impl true
  def run(run), do: run(run, Run.pick(run, [1_000, 10_000, 100_000], [2_000]))

  @doc "Measures among these numbers of recordings, in growing order."
  @spec run(Run.t(), [pos_integer()], [atom()]) :: term()
  def run(run, sizes, peers \\ [:sqlite]) do
    Enum.reduce(sizes, %{}, fn size, measured ->
      path = Corpus.directory(run, :small, size)
      facts = facts(path, size)
      check_list(path, facts)
      check_pages(path, facts)
      pages = for query <- Questions.all(facts), do: page(run, query, path, size, measured)
      facets = facets(run, path, facts, measured)
      Peer.each(run, peers, fn _, _, database -> sqlite(run, database, path, facts) end)
      # Of what is measured with the fewest only, that remains.
      Map.merge(Map.new([facets | pages]), measured)
    end)
  end

  # Newest first: what a query may ask about each recording of the directory.
  defp facts(path, size) do
    Enum.reduce(Corpus.recordings(:small, size), [], fn recording, facts ->
      [facts_of(recording, path) | facts]
    end)
  end

  defp facts_of(recording, path) do
    names = for {_, :event, %{name: name}} <- recording.events, do: name
    urls = Enum.uniq(for {_, :handle_params, %{url: url}} <- recording.events, do: url)
    paths = for url <- urls, do: URI.parse(url).path
    more = %{names: Enum.uniq(names), urls: urls, paths: Enum.uniq(paths)}
    more = Map.put(more, :bytes, file_size(path, recording.id))
    Map.merge(Traffic.summary(recording), more)
  end

  defp file_size(path, id), do: File.stat!(Path.join(path, id <> ".etf.gz")).size

  defp check_list(path, facts) do
    summaries = Backends.native().list_summaries(path: path)

    Check.equal!(
      summaries,
      Enum.map(facts, &Map.drop(&1, [:names, :urls, :paths, :bytes])),
      "all summaries"
    )
  end

  defp page(run, query, path, size, measured) do
    ask = asker(query, path)

    figure =
      compare(run, query.name, size, measured, query.from, ask, fn ->
        answer(query, source(query.from, path))
      end)

    {query.name, figure}
  end

  defp asker(query, path) do
    cursor = cursor(query, path, query.skip)
    page = [sort: query.sort, limit: @limit, cursor: cursor]
    fn -> {:ok, _} = Native.query(query.filters, page, path: path) end
  end

  # Behind so many: it comes with the pages before.
  defp cursor(query, path, skip, cursor \\ nil)
  defp cursor(_query, _path, 0, cursor), do: cursor

  defp cursor(query, path, skip, cursor) do
    limit = min(skip, 1_000)
    page = [sort: query.sort, limit: limit, cursor: cursor]
    {:ok, page} = Native.query(query.filters, page, path: path)
    cursor(query, path, skip - limit, page.cursor)
  end

  # What is measured with the fewest only is multiplied for more.
  defp compare(run, name, size, measured, source, ask, answer) do
    {baseline, note} =
      case measured[name] do
        {fewest, figure} when source != :summaries ->
          factor = size / fewest
          time = factor * 1.0e3 * Figure.median(figure.baseline)
          note = "baseline not measured: #{round(factor)} times that of #{fewest}"
          {{:sampler, fn -> time end}, note}

        _ ->
          {answer, nil}
      end

    rounds = Run.pick(run, 5, 3)
    opts = [native: ask, baseline: baseline, rounds: rounds, note: note]
    other = if source == :recordings, do: "", else: "/in_elixir"
    {size, Run.compare(run, "#{name}/#{size}#{other}", "µs", opts)}
  end

  defp source(:summaries, path), do: Backends.native().list_summaries(path: path)

  defp source(:sizes, path) do
    for %{id: id} = summary <- source(:summaries, path),
        do: Map.put(summary, :bytes, file_size(path, id))
  end

  defp source(:recordings, path) do
    for recording <- Backends.baseline().list(path: path), do: facts_of(recording, path)
  end

  # A list is in the order of time already.
  defp answer(query, summaries) do
    found = Enum.filter(summaries, query.keep)
    sorted = if query.sort == :newest, do: found, else: Enum.sort_by(found, query.key, :desc)
    {sorted |> Enum.drop(query.skip) |> Enum.take(@limit), length(found)}
  end

  defp check_pages(path, facts) do
    for query <- Questions.all(facts) do
      {:ok, page} = asker(query, path).()
      check_page(query, {page.recordings, page.total}, facts, "query #{query.name}")
    end
  end

  # Which comes first of two that are equal is left open.
  defp check_page(query, {page, total}, facts, what) do
    {expected, expected_total} = answer(query, facts)
    Check.equal!(total, expected_total, "total of #{what}")
    by_id = Map.new(facts, &{&1.id, &1})
    found = for %{id: id} = summary <- page, do: Map.merge(by_id[id], summary)
    Check.equal!(Enum.map(found, query.key), Enum.map(expected, query.key), "order of #{what}")
    Check.equal!(Enum.all?(found, query.keep), true, "what #{what} finds")
    Check.equal!(found -- Enum.uniq(found), [], "what #{what} finds twice")
  end

  defp facets(run, path, facts, measured) do
    {:ok, found} = Native.facets([], [], path: path)
    found = Map.new(found, fn {facet, counts} -> {facet, Map.new(counts)} end)
    Check.equal!(found, count(facts), "facets")
    ask = fn -> {:ok, _} = Native.facets([], [], path: path) end
    answer = fn -> count(source(:recordings, path)) end
    {"facets", compare(run, "facets", length(facts), measured, :recordings, ask, answer)}
  end

  defp count(facts) do
    %{
      views: Enum.frequencies_by(facts, & &1.view),
      events: facts |> Enum.flat_map(& &1.names) |> Enum.frequencies(),
      paths: facts |> Enum.flat_map(& &1.paths) |> Enum.frequencies() |> most(1_000),
      # None was saved for anybody.
      subjects: %{},
      days: Enum.frequencies_by(facts, &day/1)
    }
  end

  # Of more there is no count.
  defp most(counts, limit),
    do: counts |> Enum.sort_by(fn {path, n} -> {-n, path} end) |> Enum.take(limit) |> Map.new()

  defp day(%{connected_at: ms}), do: ms |> DateTime.from_unix!(:millisecond) |> DateTime.to_date()

  defp sqlite(run, database, path, facts) do
    SqliteIndex.fill(database, facts)

    for query <- Questions.all(facts) do
      ask = fn -> SqliteIndex.page(database, query) end
      check_page(query, ask.(), facts, "SQLite's #{query.name}")

      Run.compare(run, "#{query.name}/#{length(facts)}/sqlite", "µs",
        native: asker(query, path),
        baseline: ask,
        rounds: Run.pick(run, 5, 3)
      )
    end

    Check.equal!(SqliteIndex.facets(database).events, count(facts).events, "SQLite's facets")

    Run.compare(run, "facets/#{length(facts)}/sqlite", "µs",
      native: fn -> {:ok, _} = Native.facets([], [], path: path) end,
      baseline: fn -> SqliteIndex.facets(database) end,
      rounds: Run.pick(run, 5, 3)
    )
  end
end
