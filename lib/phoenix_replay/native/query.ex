defmodule PhoenixReplay.Native.Query do
  @moduledoc false
  # Recordings that match, a page of them or all.

  alias PhoenixReplay.Native.{Error, Filter, Nif, Page, Room, Summaries}

  @typedoc "Recordings, how many match in all, and where the next page begins."
  @type page :: {[map()], non_neg_integer(), cursor :: binary() | nil}

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
           {:ok, {summaries, _total, _cursor}} <- run(directory, filter, page),
           do: {:ok, summaries}
    end)
  end

  defp run(directory, filter, %Page{sort: sort, limit: limit, cursor: cursor, paths: paths?}) do
    with {:ok, {tuples, total, next, paths}} <-
           Nif.query_page(directory, filter, sort, limit, cursor, paths?) do
      {:ok, {summaries(tuples, paths), total, Page.encode(next)}}
    end
  end

  defp summaries(tuples, nil), do: Summaries.maps(tuples)
  defp summaries(tuples, paths), do: Enum.zip_with(Summaries.maps(tuples), paths, &with_paths/2)

  # As for the flags, the second key is there only where there is something to say.
  defp with_paths(summary, {paths, true}), do: Map.put(summary, :paths, paths)

  defp with_paths(summary, {paths, false}),
    do: Map.merge(summary, %{paths: paths, paths_cut?: true})
end
