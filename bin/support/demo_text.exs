# How bin/demo prints.

defmodule Demo.Text do
  def say(text), do: IO.puts("\n== #{text}")

  @doc "Microseconds, in the unit that people would take."
  def took(us) when us < 1_000, do: "#{us} µs"
  def took(us) when us < 100_000, do: "#{Float.round(us / 1000, 1)} ms"
  def took(us) when us < 1_000_000, do: "#{div(us, 1000)} ms"
  def took(us), do: "#{Float.round(us / 1_000_000, 1)} s"

  def print_table(header, rows) do
    widths =
      [header | rows]
      |> Enum.zip_with(fn column -> column |> Enum.map(&String.length/1) |> Enum.max() end)

    for row <- [header, Enum.map(widths, &String.duplicate("-", &1)) | rows] do
      row
      |> Enum.zip_with(widths, &String.pad_trailing/2)
      |> Enum.join("  ")
      |> String.trim_trailing()
      |> IO.puts()
    end
  end
end
