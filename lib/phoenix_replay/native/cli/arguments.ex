defmodule PhoenixReplay.Native.CLI.Arguments do
  @moduledoc false
  # What is written on a command line, as filters, options of a page, and the directory.

  alias PhoenixReplay.Native.Options
  alias PhoenixReplay.Storage

  @filters [
    view: :string,
    url: :string,
    page: :string,
    page_prefix: :string,
    subject: :string,
    id: :string,
    from: :string,
    to: :string,
    min_events: :integer,
    max_events: :integer,
    min_duration_ms: :integer,
    max_duration_ms: :integer,
    event: :string,
    active: :boolean,
    recovered: :boolean,
    truncated: :boolean,
    contains: :string,
    contains_integer: :integer
  ]

  @page [sort: :string, limit: :integer, cursor: :string]
  # With their atoms: where code is loaded when it is used, nothing else may have made them yet.
  @sorts for sort <- [:newest, :oldest, :longest, :most_events, :largest],
             do: {Atom.to_string(sort), sort}

  # Of these one of several has to hold.
  @several [:view, :subject, :event]

  defstruct filters: [], page: [], rest: [], switches: [], opts: []

  @type t :: %__MODULE__{
          filters: keyword(),
          page: keyword(),
          rest: [String.t()],
          switches: keyword(),
          opts: keyword()
        }

  @doc """
  Parses a command line, in one string or in several. `takes` says what the command has
  besides `--path`: `:filters`, `:page`, and switches of its own.
  """
  @spec parse([String.t()] | String.t(), [atom() | {atom(), atom()}]) ::
          {:ok, t()} | {:error, String.t()}
  def parse(line, takes) when is_binary(line), do: parse(OptionParser.split(line), takes)

  def parse(argv, takes) do
    filters = if :filters in takes, do: @filters, else: []
    page = if :page in takes, do: @page, else: []
    own = Enum.filter(takes, &is_tuple/1)
    strict = [path: :string] ++ filters ++ page ++ own

    # Of two that contradict each other, one would count for nothing.
    keep = for {key, type} <- strict, do: {key, [type, :keep]}

    with {given, rest, []} <- OptionParser.parse(argv, strict: keep),
         [] <- repeated(given) do
      arguments(given, rest, Keyword.keys(own))
    else
      {_given, _rest, invalid} -> {:error, invalid(invalid, strict)}
      [key | _] -> {:error, "#{written({key, nil})} can be given once"}
    end
  end

  defp arguments(given, rest, own) do
    {switches, given} = Keyword.split(given, own)
    {page, given} = Keyword.split(given, Keyword.keys(@page))
    {path, filters} = Keyword.pop(given, :path)

    with {:ok, filters} <- filters(filters),
         {:ok, page} <- page(page),
         {:ok, opts} <- opts(path) do
      {:ok, %__MODULE__{filters: filters, page: page, rest: rest, switches: switches, opts: opts}}
    end
  end

  defp invalid([{switch, nil} | _], strict) do
    cond do
      known?(switch, strict) ->
        "#{switch} needs a value"

      # Ids are of the alphabet of Base64 for URLs.
      not String.starts_with?(switch, "--") ->
        "unknown option #{switch}; if that is an id, write -- in front of it"

      true ->
        "unknown option #{switch}; there are #{Enum.map_join(strict, ", ", &written/1)}"
    end
  end

  defp invalid([{switch, value} | _], _strict), do: "#{switch} can't be #{inspect(value)}"

  defp repeated(given) do
    keys = for {key, _value} <- given, key not in @several, do: key
    keys -- Enum.uniq(keys)
  end

  defp known?(switch, strict), do: switch in Enum.map(strict, &written/1)
  defp written({key, _type}), do: "--" <> (key |> to_string() |> String.replace("_", "-"))

  defp filters(given) do
    {several, others} = Keyword.split(given, @several)

    several =
      for key <- @several, values = Keyword.get_values(several, key), values != [] do
        {key, Enum.flat_map(values, &value(key, &1))}
      end

    Enum.reduce_while(others, {:ok, several}, fn {key, value}, {:ok, filters} ->
      case filter(key, value) do
        {:error, why} -> {:halt, {:error, why}}
        filter -> {:cont, {:ok, filters ++ [filter]}}
      end
    end)
  end

  # It may be either, and who types it does not see which.
  defp value(:subject, text) do
    case Integer.parse(text) do
      {number, ""} -> [text, number]
      _text -> [text]
    end
  end

  defp value(_key, text), do: [text]

  defp filter(:page, path), do: {:path, path}
  defp filter(:page_prefix, path), do: {:path, {:prefix, path}}
  defp filter(:contains_integer, number), do: {:contains, number}
  defp filter(key, text) when key in [:from, :to], do: time(key, text)
  defp filter(key, value), do: {key, value}

  defp time(key, text) do
    with {_date, {:error, _}} <- {:date, Date.from_iso8601(text)},
         {:error, _} <- DateTime.from_iso8601(text),
         {:error, _} <- NaiveDateTime.from_iso8601(text) do
      {:error,
       "--#{key} must be a date or a time in ISO 8601, as 2026-11-01 or 2026-11-01T12:00:00Z"}
    else
      {:date, {:ok, date}} -> {key, DateTime.new!(date, ~T[00:00:00])}
      {:ok, time, _offset} -> {key, time}
      {:ok, time} -> {key, DateTime.from_naive!(time, "Etc/UTC")}
    end
  end

  defp page(given) do
    with {:ok, written} <- Keyword.fetch(given, :sort),
         {^written, sort} <- List.keyfind(@sorts, written, 0) do
      {:ok, Keyword.put(given, :sort, sort)}
    else
      :error -> {:ok, given}
      nil -> {:error, "--sort must be one of #{Enum.map_join(@sorts, ", ", &elem(&1, 0))}"}
    end
  end

  # A look at another directory than the application's must not delete what is beyond
  # the application's limits there, nor put what is there into the application's bucket.
  @unlimited [max_recordings: nil, max_age_ms: nil, max_bytes: nil, remote: nil]

  defp opts(nil) do
    case Application.get_env(:phoenix_replay, :storage_opts) do
      nil -> {:error, "no :storage_opts are configured for :phoenix_replay; give --path"}
      _configured -> existing(Storage.storage_opts())
    end
  end

  defp opts(path) do
    configured = Storage.storage_opts()

    if Keyword.keyword?(configured),
      do: existing(configured |> Keyword.merge(@unlimited) |> Keyword.put(:path, path)),
      else: existing([path: path] ++ @unlimited)
  end

  # Opening one that is not there would make it.
  defp existing(opts) do
    case Options.new(opts) do
      {:ok, %{path: path}} ->
        if File.dir?(path), do: {:ok, opts}, else: {:error, "there is no directory #{path}"}

      {:error, reason} ->
        {:error, PhoenixReplay.Native.Error.format(reason)}
    end
  end
end
