defmodule PhoenixReplay.Native.Page do
  @moduledoc false
  # Which of the recordings that match are wanted, and in which order, from the
  # keywords of a user, which `PhoenixReplay.Native.query/3` describes.

  alias PhoenixReplay.Native.{Error, Keys, Progress}

  @keys [:sort, :limit, :cursor, :progress]
  @sorts [:newest, :oldest, :longest, :most_events, :largest]
  @default_limit 50
  @max_limit 1000

  @enforce_keys @keys
  defstruct @keys

  @typedoc "Without a limit it is all of them; without a cursor, it is the first."
  @type t :: %__MODULE__{
          sort: PhoenixReplay.Native.sort(),
          limit: 1..1000 | nil,
          cursor: binary() | nil,
          progress: Progress.t()
        }

  @doc "What can be said of a page."
  @spec keys() :: [atom()]
  def keys, do: @keys

  @doc "Checks what is said of a page."
  @spec new(keyword(), default_limit :: 1..1000 | nil) :: {:ok, t()} | {:error, Error.reason()}
  def new(page, default_limit \\ @default_limit) do
    with :ok <- check_keys(page),
         {:ok, sort} <- sort(Keyword.get(page, :sort, :newest)),
         {:ok, limit} <- limit(Keyword.get(page, :limit, default_limit), default_limit),
         {:ok, cursor} <- decode(Keyword.get(page, :cursor)),
         {:ok, progress} <- progress(Keyword.get(page, :progress, Progress.none())) do
      {:ok, %__MODULE__{sort: sort, limit: limit, cursor: cursor, progress: progress}}
    end
  end

  defp check_keys(page) do
    case Keys.check(page, @keys) do
      :ok -> :ok
      :no_keywords -> {:error, {:invalid_page, :page, "a keyword list"}}
      {:unknown, keys} -> {:error, {:unknown_page_keys, keys, @keys}}
      {:repeated, key} -> {:error, {:invalid_page, key, "given once"}}
    end
  end

  defp sort(sort) when sort in @sorts, do: {:ok, sort}
  defp sort(_), do: {:error, {:invalid_page, :sort, "one of #{inspect(@sorts)}"}}

  defp limit(limit, limit), do: {:ok, limit}
  defp limit(limit, _default) when limit in 1..@max_limit, do: {:ok, limit}
  defp limit(_, _), do: {:error, {:invalid_page, :limit, "an integer from 1 to #{@max_limit}"}}

  defp progress(fun) when is_function(fun, 1), do: {:ok, fun}
  defp progress(_), do: {:error, {:invalid_page, :progress, "a function of one argument"}}

  # nil asks for the first page, so that a cursor can be passed on as it is.
  defp decode(nil), do: {:ok, nil}

  defp decode(cursor) when is_binary(cursor) do
    with :error <- Base.url_decode64(cursor, padding: false), do: {:error, :invalid_cursor}
  end

  defp decode(_), do: {:error, :invalid_cursor}

  @doc "Where the next page begins, as a user passes it on; the reverse is done by `new/2`."
  @spec encode(binary() | nil) :: PhoenixReplay.Native.cursor() | nil
  def encode(nil), do: nil
  def encode(cursor), do: Base.url_encode64(cursor, padding: false)
end
