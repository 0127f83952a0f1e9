defmodule PhoenixReplay.Native.Query do
  @moduledoc false
  # Recordings that match, a page of them or all, and how they spread.

  alias PhoenixReplay.Native.{Error, Filter, Nif, Page, Progress, Room, Search, Summaries}

  @typedoc """
  Recordings, how many match in all, where the next page begins, and where their
  content was searched, what could not be.
  """
  @type page ::
          {[map()], non_neg_integer(), cursor :: binary() | nil, not_searched :: [map()] | nil}

  @doc "One page."
  @spec page(Nif.directory(), filters :: keyword(), page :: keyword()) ::
          {:ok, page()} | {:error, Error.reason()}
  def page(directory, filters, page) do
    with {:ok, filter} <- filter(filters),
         {:ok, page} <- Page.new(page),
         do: run(directory, filter, page)
  end

  # Both are keywords, and easily taken for one list.
  defp filter(filters) do
    with {:error, {:unknown_filters, keys, _known}} = error <- Filter.new(filters) do
      case Enum.filter(keys, &(&1 in Page.keys())) do
        [] -> error
        misplaced -> {:error, {:page_keys_among_filters, misplaced}}
      end
    end
  end

  @doc "All recordings at once, or as many as there may be; there is no cursor then."
  @spec all(Nif.directory(), filters :: keyword(), page :: keyword()) ::
          {:ok, [map()]} | {:error, Error.reason()}
  def all(directory, filters, page) do
    # What is left of them otherwise is not known before.
    expected = if filters == [] and page == [], do: Nif.store_count_hint(directory), else: 0

    # An error is one of what follows, too.
    Room.for_summaries(if(is_integer(expected), do: expected, else: 0), fn ->
      with {:ok, filter} <- Filter.new(filters),
           {:ok, page} <- Page.new(page, nil),
           {:ok, {summaries, _total, _cursor, _not_searched}} <- run(directory, filter, page),
           do: {:ok, summaries}
    end)
  end

  @doc "How they spread, as the native library counts it, and what could not be searched."
  @spec facets(Nif.directory(), Filter.t(), Progress.t()) ::
          {:ok, {list(), list(), list(), list(), list()}, not_searched :: [map()] | nil}
          | {:error, Error.reason()}
  def facets(directory, filter, progress) do
    if Search.needed?(directory, filter) do
      with {:ok, search} <- Search.run(directory, filter, progress),
           {:ok, facets} <- Nif.search_facets(search),
           {:ok, not_searched} <- Search.not_searched(directory, search),
           do: {:ok, facets, not_searched}
    else
      with {:ok, facets} <- Nif.query_facets(directory, filter), do: {:ok, facets, nil}
    end
  end

  defp run(directory, filter, %Page{sort: sort, limit: limit, cursor: cursor} = page) do
    found =
      if Search.needed?(directory, filter),
        do: search(directory, filter, page),
        else: with_none(Nif.query_page(directory, filter, sort, limit, cursor, page.paths))

    with {:ok, {tuples, total, next, paths}, not_searched} <- found do
      {:ok, {summaries(tuples, paths), total, Page.encode(next), not_searched}}
    end
  end

  defp summaries(tuples, nil), do: Summaries.maps(tuples)
  defp summaries(tuples, paths), do: Enum.zip_with(Summaries.maps(tuples), paths, &with_paths/2)

  # As for the flags, the second key is there only where there is something to say.
  defp with_paths(summary, {paths, true}), do: Map.put(summary, :paths, paths)

  defp with_paths(summary, {paths, false}),
    do: Map.merge(summary, %{paths: paths, paths_cut?: true})

  defp with_none(found), do: with({:ok, page} <- found, do: {:ok, page, nil})

  defp search(directory, filter, %Page{sort: sort, limit: limit, cursor: cursor} = page) do
    # A cursor that is none is told before everything is read, and not after.
    with {:ok, search} <- Nif.search_start(directory, filter),
         {:ok, _nothing_yet} <- Nif.search_page(search, sort, limit, cursor, page.paths),
         {:ok, search} <- Search.finish(directory, search, page.progress),
         {:ok, found} <- Nif.search_page(search, sort, limit, cursor, page.paths),
         {:ok, not_searched} <- Search.not_searched(directory, search),
         do: {:ok, found, not_searched}
  end
end
