defmodule PhoenixReplay.JSON.Decoder do
  @moduledoc false

  # A machine of tail calls over one binary match context. `at` is the byte
  # offset in `text` of what is matched next. What is still open is on an
  # explicit stack, a flat list of frames:
  #
  #     :array, items        the item being read goes in front of `items`
  #     :key, pairs          the string being read is a key
  #     :pair, key, pairs    the value being read belongs to `key`

  defguardp is_space(byte) when byte in [?\s, ?\n, ?\r, ?\t]
  defguardp is_digit(byte) when byte in ?0..?9
  defguardp is_plain(byte) when byte in 0x20..0x7F and byte != ?" and byte != ?\\

  # Jason's, by default; the sign counts.
  @max_integer_size 1024

  @spec decode(binary()) :: {:ok, term()} | {:error, {:invalid_json, non_neg_integer()}}
  def decode(text) when is_binary(text) do
    {:ok, value(text, text, 0, [])}
  catch
    {:invalid_json, _at} = reason -> {:error, reason}
  end

  defp value(<<byte, rest::bits>>, text, at, stack) when is_space(byte) do
    value(rest, text, at + 1, stack)
  end

  defp value(<<?", rest::bits>>, text, at, stack), do: string(rest, text, at + 1, 0, [], stack)

  defp value(<<?{, rest::bits>>, text, at, stack), do: first_key(rest, text, at + 1, stack)
  defp value(<<?[, rest::bits>>, text, at, stack), do: first_item(rest, text, at + 1, stack)

  defp value(<<?0, rest::bits>>, text, at, stack), do: after_integer(rest, text, at, 1, stack)

  defp value(<<byte, rest::bits>>, text, at, stack) when is_digit(byte) do
    integer(rest, text, at, 1, stack)
  end

  defp value(<<?-, ?0, rest::bits>>, text, at, stack) do
    after_integer(rest, text, at, 2, stack)
  end

  defp value(<<?-, byte, rest::bits>>, text, at, stack) when is_digit(byte) do
    integer(rest, text, at, 2, stack)
  end

  defp value(<<"true", rest::bits>>, text, at, stack), do: done(stack, true, rest, text, at + 4)
  defp value(<<"false", rest::bits>>, text, at, stack), do: done(stack, false, rest, text, at + 5)
  defp value(<<"null", rest::bits>>, text, at, stack), do: done(stack, nil, rest, text, at + 4)
  defp value(_rest, _text, at, _stack), do: invalid(at)

  @compile {:inline, done: 5}
  defp done(stack, value, rest, text, at) do
    case stack do
      [:pair, key, pairs | stack] -> after_pair(rest, text, at, [{key, value} | pairs], stack)
      [:array, items | stack] -> after_item(rest, text, at, [value | items], stack)
      [] -> finish(rest, at, value)
    end
  end

  defp finish(<<byte, rest::bits>>, at, value) when is_space(byte),
    do: finish(rest, at + 1, value)

  defp finish(<<>>, _at, value), do: value
  defp finish(_rest, at, _value), do: invalid(at)

  # Arrays

  defp first_item(<<byte, rest::bits>>, text, at, stack) when is_space(byte) do
    first_item(rest, text, at + 1, stack)
  end

  defp first_item(<<?], rest::bits>>, text, at, stack), do: done(stack, [], rest, text, at + 1)

  defp first_item(<<rest::bits>>, text, at, stack),
    do: value(rest, text, at, [:array, [] | stack])

  defp after_item(<<?,, rest::bits>>, text, at, items, stack) do
    value(rest, text, at + 1, [:array, items | stack])
  end

  defp after_item(<<?], rest::bits>>, text, at, items, stack) do
    done(stack, :lists.reverse(items), rest, text, at + 1)
  end

  defp after_item(<<byte, rest::bits>>, text, at, items, stack) when is_space(byte) do
    after_item(rest, text, at + 1, items, stack)
  end

  defp after_item(_rest, _text, at, _items, _stack), do: invalid(at)

  # Objects

  defp first_key(<<byte, rest::bits>>, text, at, stack) when is_space(byte) do
    first_key(rest, text, at + 1, stack)
  end

  defp first_key(<<?}, rest::bits>>, text, at, stack), do: done(stack, %{}, rest, text, at + 1)
  defp first_key(<<rest::bits>>, text, at, stack), do: key(rest, text, at, [], stack)

  defp key(<<?", rest::bits>>, text, at, pairs, stack) do
    string(rest, text, at + 1, 0, [], [:key, pairs | stack])
  end

  defp key(<<byte, rest::bits>>, text, at, pairs, stack) when is_space(byte) do
    key(rest, text, at + 1, pairs, stack)
  end

  defp key(_rest, _text, at, _pairs, _stack), do: invalid(at)

  defp after_key(<<?:, rest::bits>>, text, at, stack), do: value(rest, text, at + 1, stack)

  defp after_key(<<byte, rest::bits>>, text, at, stack) when is_space(byte) do
    after_key(rest, text, at + 1, stack)
  end

  defp after_key(_rest, _text, at, _stack), do: invalid(at)

  defp after_pair(<<?,, rest::bits>>, text, at, pairs, stack) do
    key(rest, text, at + 1, pairs, stack)
  end

  defp after_pair(<<?}, rest::bits>>, text, at, pairs, stack) do
    # In the order of the text, so that the last of equal keys wins.
    done(stack, :maps.from_list(:lists.reverse(pairs)), rest, text, at + 1)
  end

  defp after_pair(<<byte, rest::bits>>, text, at, pairs, stack) when is_space(byte) do
    after_pair(rest, text, at + 1, pairs, stack)
  end

  defp after_pair(_rest, _text, at, _pairs, _stack), do: invalid(at)

  # Strings: without escapes a string is a part of the text, otherwise it is
  # put together from `chunks`. The run under way is `size` bytes from `at`.

  defp string(<<byte, rest::bits>>, text, at, size, chunks, stack) when is_plain(byte) do
    string(rest, text, at, size + 1, chunks, stack)
  end

  defp string(<<?", rest::bits>>, text, at, size, [], stack) do
    string_done(stack, binary_part(text, at, size), rest, text, at + size + 1)
  end

  defp string(<<?", rest::bits>>, text, at, size, chunks, stack) do
    string = IO.iodata_to_binary([chunks | binary_part(text, at, size)])
    string_done(stack, string, rest, text, at + size + 1)
  end

  defp string(<<?\\, rest::bits>>, text, at, size, chunks, stack) do
    escape(rest, text, at + size + 1, [chunks | binary_part(text, at, size)], stack)
  end

  defp string(<<char::utf8, rest::bits>>, text, at, size, chunks, stack) when char > 0x7F do
    string(rest, text, at, size + utf8_size(char), chunks, stack)
  end

  defp string(_rest, _text, at, size, _chunks, _stack), do: invalid(at + size)

  for {letter, char} <- [
        {?", ?"},
        {?\\, ?\\},
        {?/, ?/},
        {?n, ?\n},
        {?r, ?\r},
        {?t, ?\t},
        {?b, ?\b},
        {?f, ?\f}
      ] do
    defp escape(<<unquote(letter), rest::bits>>, text, at, chunks, stack) do
      string(rest, text, at + 1, 0, [chunks, unquote(char)], stack)
    end
  end

  defp escape(<<?u, hex::binary-size(4), rest::bits>>, text, at, chunks, stack) do
    case code_unit(hex, at) do
      high when high in 0xD800..0xDBFF ->
        low_surrogate(rest, text, at + 5, high, chunks, stack)

      low when low in 0xDC00..0xDFFF ->
        invalid(at)

      char ->
        string(rest, text, at + 5, 0, [chunks | <<char::utf8>>], stack)
    end
  end

  defp escape(_rest, _text, at, _chunks, _stack), do: invalid(at)

  defp low_surrogate(<<?\\, ?u, hex::binary-size(4), rest::bits>>, text, at, high, chunks, stack) do
    case code_unit(hex, at) do
      low when low in 0xDC00..0xDFFF ->
        char = 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00)
        string(rest, text, at + 6, 0, [chunks | <<char::utf8>>], stack)

      _other ->
        invalid(at)
    end
  end

  defp low_surrogate(_rest, _text, at, _high, _chunks, _stack), do: invalid(at)

  defp code_unit(<<a, b, c, d>>, at) do
    ((hex(a, at) * 16 + hex(b, at)) * 16 + hex(c, at)) * 16 + hex(d, at)
  end

  defp hex(digit, _at) when digit in ?0..?9, do: digit - ?0
  defp hex(digit, _at) when digit in ?a..?f, do: digit - ?a + 10
  defp hex(digit, _at) when digit in ?A..?F, do: digit - ?A + 10
  defp hex(_byte, at), do: invalid(at)

  @compile {:inline, string_done: 5}
  defp string_done(stack, string, rest, text, at) do
    case stack do
      [:key, pairs | stack] -> after_key(rest, text, at, [:pair, string, pairs | stack])
      [:pair, key, pairs | stack] -> after_pair(rest, text, at, [{key, string} | pairs], stack)
      [:array, items | stack] -> after_item(rest, text, at, [string | items], stack)
      [] -> finish(rest, at, string)
    end
  end

  defp utf8_size(char) when char < 0x800, do: 2
  defp utf8_size(char) when char < 0x10000, do: 3
  defp utf8_size(_char), do: 4

  # Numbers: `size` bytes from `at` so far

  defp integer(<<byte, rest::bits>>, text, at, size, stack) when is_digit(byte) do
    integer(rest, text, at, size + 1, stack)
  end

  defp integer(<<rest::bits>>, text, at, size, stack) do
    after_integer(rest, text, at, size, stack)
  end

  defp after_integer(<<?., byte, rest::bits>>, text, at, size, stack) when is_digit(byte) do
    fraction(rest, text, at, size + 2, stack)
  end

  defp after_integer(<<?., _::bits>>, _text, at, size, _stack), do: invalid(at + size)

  defp after_integer(<<e, rest::bits>>, text, at, size, stack) when e in [?e, ?E] do
    # Erlang knows no exponent without a fraction.
    mantissa = binary_part(text, at, size) <> ".0"
    exponent_sign(rest, text, at + size + 1, mantissa, stack)
  end

  defp after_integer(_rest, _text, at, size, _stack) when size > @max_integer_size,
    do: invalid(at)

  defp after_integer(<<rest::bits>>, text, at, size, stack) do
    integer = text |> binary_part(at, size) |> String.to_integer()
    done(stack, integer, rest, text, at + size)
  end

  defp fraction(<<byte, rest::bits>>, text, at, size, stack) when is_digit(byte) do
    fraction(rest, text, at, size + 1, stack)
  end

  defp fraction(<<e, rest::bits>>, text, at, size, stack) when e in [?e, ?E] do
    exponent_sign(rest, text, at + size + 1, binary_part(text, at, size), stack)
  end

  defp fraction(<<rest::bits>>, text, at, size, stack) do
    float = text |> binary_part(at, size) |> float(at)
    done(stack, float, rest, text, at + size)
  end

  defp exponent_sign(<<sign, byte, rest::bits>>, text, at, mantissa, stack)
       when sign in [?+, ?-] and is_digit(byte) do
    exponent(rest, text, at, 2, mantissa, stack)
  end

  defp exponent_sign(<<byte, rest::bits>>, text, at, mantissa, stack) when is_digit(byte) do
    exponent(rest, text, at, 1, mantissa, stack)
  end

  defp exponent_sign(_rest, _text, at, _mantissa, _stack), do: invalid(at)

  defp exponent(<<byte, rest::bits>>, text, at, size, mantissa, stack) when is_digit(byte) do
    exponent(rest, text, at, size + 1, mantissa, stack)
  end

  defp exponent(<<rest::bits>>, text, at, size, mantissa, stack) do
    float = float(mantissa <> "e" <> binary_part(text, at, size), at)
    done(stack, float, rest, text, at + size)
  end

  defp float(text, at) do
    String.to_float(text)
  rescue
    # More than a double can hold.
    ArgumentError -> invalid(at)
  end

  @spec invalid(non_neg_integer()) :: no_return()
  defp invalid(at), do: throw({:invalid_json, at})
end
