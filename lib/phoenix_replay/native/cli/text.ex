defmodule PhoenixReplay.Native.CLI.Text do
  @moduledoc false
  # What people read of recordings in a terminal. What comes out of recordings is escaped
  # where it is not printable: it may be anybody's.

  @doc "A table of summaries."
  @spec summaries([map()]) :: iodata()
  def summaries(summaries) do
    rows =
      for summary <- summaries do
        [
          text(summary.id),
          time(summary.connected_at),
          duration(summary.duration_ms),
          to_string(summary.event_count),
          view(summary.view),
          if(Map.has_key?(summary, :subject), do: text(summary.subject), else: ""),
          flags(summary)
        ]
      end

    table(["id", "began (UTC)", "lasted", "events", "view", "subject", ""], rows)
  end

  defp flags(summary) do
    for(
      {key, word} <- [active?: "running", recovered?: "recovered", truncated?: "truncated"],
      Map.get(summary, key, false),
      do: word
    )
    |> Enum.join(", ")
  end

  @doc "Rows under a header, in columns."
  @spec table([String.t()], [[String.t()]]) :: iodata()
  def table(header, rows) do
    widths =
      Enum.zip_with([header | rows], fn column ->
        column |> Enum.map(&String.length/1) |> Enum.max()
      end)

    for row <- [header | rows] do
      line = Enum.zip_with(row, widths, &String.pad_trailing/2) |> Enum.join("  ")
      [String.trim_trailing(line), "\n"]
    end
  end

  @doc "Names and values, beneath each other."
  @spec pairs([{String.t(), String.t()}]) :: iodata()
  def pairs(pairs) do
    width = pairs |> Enum.map(fn {name, _} -> String.length(name) end) |> Enum.max()
    for {name, value} <- pairs, do: [String.pad_trailing(name, width), "  ", value, "\n"]
  end

  @doc "An id, a subject or another value, on one line."
  @spec text(term()) :: String.t()
  def text(text) when is_binary(text) do
    if String.printable?(text) and not (text =~ ~r/[\r\n\t]/), do: text, else: inspect(text)
  end

  def text(other), do: inspect(other)

  @doc "A view: a module, the name of one that is not here, or none."
  @spec view(module() | String.t() | nil) :: String.t()
  def view(nil), do: "-"
  def view(view), do: text(view)

  @doc "Unix milliseconds as a time of UTC."
  @spec time(integer()) :: String.t()
  def time(ms) do
    case DateTime.from_unix(ms, :millisecond) do
      {:ok, time} -> Calendar.strftime(time, "%Y-%m-%d %H:%M:%S")
      {:error, _beyond} -> "#{ms} ms"
    end
  end

  @doc "Milliseconds as people say them."
  @spec duration(integer()) :: String.t()
  def duration(ms) when ms < 1000, do: "#{ms} ms"
  def duration(ms) when ms < 60_000, do: "#{Float.round(ms / 1000, 1)} s"
  def duration(ms), do: "#{div(ms, 60_000)} min #{rem(div(ms, 1000), 60)} s"

  @doc "Bytes as people say them."
  @spec size(non_neg_integer()) :: String.t()
  def size(bytes) when bytes < 1024, do: "#{bytes} B"

  def size(bytes) do
    {unit, of} =
      Enum.find([{"KiB", 1}, {"MiB", 2}, {"GiB", 3}, {"TiB", 4}], {"TiB", 4}, fn {_, n} ->
        bytes < 1024 ** (n + 1)
      end)

    "#{Float.round(bytes / 1024 ** of, 1)} #{unit}"
  end

  @doc "How many recordings."
  @spec recordings(non_neg_integer()) :: String.t()
  def recordings(1), do: "1 recording"
  def recordings(count), do: "#{count} recordings"
end
