defmodule PhoenixReplay.JSON.Encoder do
  @moduledoc false

  defguardp is_plain(byte) when byte in 0x20..0x7F and byte != ?" and byte != ?\\

  @spec encode(term()) :: {:ok, iodata()} | {:error, {:not_json, term()}}
  def encode(term) do
    {:ok, value(term)}
  catch
    {:not_json, _term} = reason -> {:error, reason}
  end

  defp value(text) when is_binary(text), do: string(text)
  defp value(nil), do: "null"
  defp value(true), do: "true"
  defp value(false), do: "false"
  defp value(atom) when is_atom(atom), do: atom |> Atom.to_string() |> string()
  defp value(integer) when is_integer(integer), do: Integer.to_string(integer)
  defp value(float) when is_float(float), do: :erlang.float_to_binary(float, [:short])
  defp value([]), do: "[]"
  defp value([first | rest]), do: [?[, value(first) | items(rest)]
  defp value(%module{} = struct), do: calendar(module, struct)

  defp value(map) when is_map(map) do
    case Map.to_list(map) do
      [] -> "{}"
      [{key, value} | rest] -> [?{, key(key), ?:, value(value) | pairs(rest)]
    end
  end

  defp value(term), do: throw({:not_json, term})

  defp items([]), do: "]"
  defp items([item | rest]), do: [?,, value(item) | items(rest)]
  defp items(improper_tail), do: throw({:not_json, improper_tail})

  defp pairs([]), do: "}"
  defp pairs([{key, value} | rest]), do: [?,, key(key), ?:, value(value) | pairs(rest)]

  defp key(key) when is_binary(key), do: string(key)
  defp key(key) when is_atom(key), do: key |> Atom.to_string() |> string()
  defp key(key), do: key |> to_string() |> string()

  defp calendar(module, struct) when module in [Date, Time, DateTime, NaiveDateTime] do
    [?", module.to_iso8601(struct), ?"]
  end

  defp calendar(_module, struct), do: throw({:not_json, struct})

  defp string(text), do: [?", chunks(text, text, 0, 0), ?"]

  # Runs of bytes that need no escape are cut out of the text as a whole. The
  # run under way starts at `start` and is `size` bytes long so far.
  defp chunks(<<byte, rest::bits>>, text, start, size) when is_plain(byte) do
    chunks(rest, text, start, size + 1)
  end

  defp chunks(<<byte, rest::bits>>, text, start, size) when byte < 0x80 do
    [binary_part(text, start, size), escape(byte) | chunks(rest, text, start + size + 1, 0)]
  end

  defp chunks(<<char::utf8, rest::bits>>, text, start, size) do
    chunks(rest, text, start, size + utf8_size(char))
  end

  defp chunks(<<>>, text, 0, _size), do: text
  defp chunks(<<>>, text, start, size), do: binary_part(text, start, size)
  defp chunks(_not_utf8, text, _start, _size), do: throw({:not_json, text})

  defp utf8_size(char) when char < 0x800, do: 2
  defp utf8_size(char) when char < 0x10000, do: 3
  defp utf8_size(_char), do: 4

  defp escape(?"), do: "\\\""
  defp escape(?\\), do: "\\\\"
  defp escape(?\n), do: "\\n"
  defp escape(?\r), do: "\\r"
  defp escape(?\t), do: "\\t"
  defp escape(?\b), do: "\\b"
  defp escape(?\f), do: "\\f"

  for byte <- 0x00..0x1F, byte not in [?\n, ?\r, ?\t, ?\b, ?\f] do
    hex = byte |> Integer.to_string(16) |> String.pad_leading(4, "0")
    defp escape(unquote(byte)), do: unquote("\\u" <> hex)
  end
end
