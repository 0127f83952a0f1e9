defmodule PhoenixReplay.JSON do
  @moduledoc """
  A JSON codec in plain Elixir (RFC 8259).

  Maps whose keys `to_string/1` knows become objects, lists arrays, atoms
  strings except `true`, `false` and `nil`. Dates and times are written in
  ISO 8601. Everything else, and text that is not UTF-8, is an error; a key that
  `to_string/1` does not know raises.

  Decoding yields maps with string keys. Of equal keys in an object the last
  one wins; integers are exact, and have at most 1024 characters.
  """

  @doc "Encodes a term as iodata."
  @spec encode(term()) :: {:ok, iodata()} | {:error, {:not_json, term()}}
  defdelegate encode(term), to: PhoenixReplay.JSON.Encoder

  @doc "Decodes a text; the error names the byte offset where it stops being JSON."
  @spec decode(binary()) :: {:ok, term()} | {:error, {:invalid_json, non_neg_integer()}}
  defdelegate decode(text), to: PhoenixReplay.JSON.Decoder
end
