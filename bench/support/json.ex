defmodule Bench.JSON do
  @moduledoc false
  # As much JSON as a report needs. The host's own encoder is not the same in
  # every host, and the oldest supported Elixir has none.

  @spec encode(term()) :: iodata()
  def encode(map) when is_map(map) do
    pairs =
      for {key, value} <- Enum.sort(map), do: ["\n", string(to_string(key)), ": ", encode(value)]

    ["{", Enum.intersperse(pairs, ","), "\n}"]
  end

  def encode(list) when is_list(list) do
    ["[", list |> Enum.map(&encode/1) |> Enum.intersperse(", "), "]"]
  end

  def encode(value) when is_boolean(value) or is_nil(value), do: inspect(value) |> null()
  def encode(number) when is_integer(number), do: Integer.to_string(number)
  def encode(number) when is_float(number), do: Float.to_string(number)
  def encode(text) when is_binary(text), do: string(text)

  defp null("nil"), do: "null"
  defp null(boolean), do: boolean

  defp string(text), do: [?", for(<<char::utf8 <- text>>, do: character(char)), ?"]

  defp character(?"), do: ~S(\")
  defp character(?\\), do: ~S(\\)

  defp character(char) when char < 0x20,
    do: ["\\u", char |> Integer.to_string(16) |> String.pad_leading(4, "0")]

  defp character(char), do: <<char::utf8>>
end
