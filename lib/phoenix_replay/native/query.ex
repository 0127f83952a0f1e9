defmodule PhoenixReplay.Native.Query do
  @moduledoc false
  # A page of recordings: filters, an order, and where to go on.

  alias PhoenixReplay.Native.{Error, Filter, Nif, Room, Summaries}

  @sorts [:newest, :oldest, :longest, :most_events, :largest]
  @keys Filter.keys() ++ [:sort, :limit, :cursor]
  @default_limit 50
  @max_limit 1000

  @typedoc "Recordings, how many match in all, and where the next page begins."
  @type page :: {[map()], non_neg_integer(), cursor :: binary() | nil}

  @doc "What `PhoenixReplay.Native.query/2` knows."
  @spec keys() :: [atom()]
  def keys, do: @keys

  @doc "One page."
  @spec page(Nif.directory(), keyword()) :: {:ok, page()} | {:error, Error.reason()}
  def page(directory, query), do: run(directory, query, @keys, @default_limit)

  @doc "All recordings at once, or as many as there may be; there is no cursor then."
  @spec all(Nif.directory(), keyword()) :: {:ok, [map()]} | {:error, Error.reason()}
  def all(directory, query) do
    # What filters leave of them is not known before.
    expected = if query == [], do: Nif.store_count_hint(directory), else: 0

    # An error is one of what follows, too.
    Room.for_summaries(if(is_integer(expected), do: expected, else: 0), fn ->
      with {:ok, {summaries, _total, _cursor}} <- run(directory, query, @keys -- [:cursor], nil) do
        {:ok, summaries}
      end
    end)
  end

  defp run(directory, query, keys, default_limit) do
    with :ok <- Filter.check_keys(query, keys),
         {paging, filters} = Keyword.split(query, [:sort, :limit, :cursor]),
         {:ok, filter} <- Filter.new(filters),
         {:ok, sort} <- sort(Keyword.get(paging, :sort, :newest)),
         {:ok, limit} <- limit(Keyword.get(paging, :limit, default_limit), default_limit),
         {:ok, cursor} <- decode(Keyword.get(paging, :cursor)),
         {:ok, {tuples, total, next}} <-
           Nif.query_page(directory, filter, sort, limit, cursor) do
      {:ok, {Summaries.maps(tuples), total, encode(next)}}
    end
  end

  defp sort(sort) when sort in @sorts, do: {:ok, sort}
  defp sort(_), do: {:error, {:invalid_filter, :sort, "one of #{inspect(@sorts)}"}}

  defp limit(limit, limit), do: {:ok, limit}
  defp limit(limit, _default) when limit in 1..@max_limit, do: {:ok, limit}

  defp limit(_, _),
    do: {:error, {:invalid_filter, :limit, "an integer from 1 to #{@max_limit}"}}

  # nil asks for the first page, so that a cursor can be passed on as it is.
  defp decode(nil), do: {:ok, nil}

  defp decode(cursor) when is_binary(cursor) do
    with :error <- Base.url_decode64(cursor, padding: false), do: {:error, :invalid_cursor}
  end

  defp decode(_), do: {:error, :invalid_cursor}

  defp encode(nil), do: nil
  defp encode(cursor), do: Base.url_encode64(cursor, padding: false)
end
