defmodule PhoenixReplay.JSONTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.JSON

  defp encode!(term) do
    {:ok, iodata} = JSON.encode(term)
    IO.iodata_to_binary(iodata)
  end

  describe "encode/1" do
    test "writes scalars" do
      assert encode!(nil) == "null"
      assert encode!(true) == "true"
      assert encode!(:admin) == ~s("admin")
      assert encode!(Calendar.ISO) == ~s("Elixir.Calendar.ISO")
      assert encode!(-12) == "-12"
      assert encode!(2 ** 100) == "1267650600228229401496703205376"
      assert encode!(0.1) == "0.1"
    end

    test "writes arrays and objects, empty ones too" do
      assert encode!([]) == "[]"
      assert encode!([1, [2], []]) == "[1,[2],[]]"
      assert encode!(%{}) == "{}"
      assert encode!(%{"a" => %{b: 1}}) == ~s({"a":{"b":1}})
      assert encode!(%{1 => 2}) == ~s({"1":2})
    end

    test "escapes what must be, and nothing else" do
      assert encode!("a\"b\\c/d\n\t\r\b\f") == ~S("a\"b\\c/d\n\t\r\b\f")
      assert encode!(<<0, 0x1F, 0x7F>>) == ~S("\u0000\u001F) <> <<0x7F, ?">>
      assert encode!("žluťoučký 😀") == ~s("žluťoučký 😀")
      assert encode!(%{"a\nb" => 1}) == ~S({"a\nb":1})
    end

    test "writes dates and times in ISO 8601" do
      assert encode!([~D[2026-01-02], ~T[03:04:05], ~U[2026-01-02 03:04:05Z]]) ==
               ~s(["2026-01-02","03:04:05","2026-01-02T03:04:05Z"])
    end

    test "refuses what JSON cannot hold, and names it" do
      pid = self()
      assert JSON.encode(%{a: [pid]}) == {:error, {:not_json, pid}}
      assert JSON.encode({1, 2}) == {:error, {:not_json, {1, 2}}}
      assert JSON.encode(<<"ok", 0xFF>>) == {:error, {:not_json, <<"ok", 0xFF>>}}
      assert JSON.encode([1 | 2]) == {:error, {:not_json, 2}}
      assert_raise Protocol.UndefinedError, fn -> JSON.encode(%{{1} => 1}) end
      assert JSON.encode(%URI{}) == {:error, {:not_json, %URI{}}}
      assert JSON.encode(<<1::3>>) == {:error, {:not_json, <<1::3>>}}
    end
  end

  describe "decode/1" do
    test "reads scalars, with space around them" do
      assert JSON.decode(" null\n") == {:ok, nil}
      assert JSON.decode("\ttrue\r") == {:ok, true}
      assert JSON.decode("false") == {:ok, false}
      assert JSON.decode(~s("")) == {:ok, ""}
    end

    test "reads numbers, exactly where they are integers" do
      assert JSON.decode("0") == {:ok, 0}
      assert JSON.decode("-0") == {:ok, 0}
      assert JSON.decode("-120") == {:ok, -120}
      assert JSON.decode("1267650600228229401496703205376") == {:ok, 2 ** 100}
      longest = String.duplicate("9", 1024)
      assert JSON.decode(longest) == {:ok, 10 ** 1024 - 1}
      assert {:error, {:invalid_json, 1}} = JSON.decode("[-" <> longest <> "]")
      assert JSON.decode("0.5") == {:ok, 0.5}
      assert JSON.decode("-1.25e2") == {:ok, -125.0}
      assert JSON.decode("1E+2") == {:ok, 100.0}
      assert JSON.decode("25e-2") == {:ok, 0.25}
    end

    test "reads arrays and objects" do
      assert JSON.decode("[ ]") == {:ok, []}
      assert JSON.decode("[1 , [2,{}],{ }]") == {:ok, [1, [2, %{}], %{}]}

      assert JSON.decode(~s({"a" : { "b":[1]} , "c":"d"})) ==
               {:ok, %{"a" => %{"b" => [1]}, "c" => "d"}}
    end

    test "takes the last of equal keys" do
      assert JSON.decode(~s({"a":1,"b":2,"a":3})) == {:ok, %{"a" => 3, "b" => 2}}
    end

    test "reads escapes in values and keys" do
      assert JSON.decode(~S("a\"\\\/\b\f\n\r\tz")) == {:ok, "a\"\\/\b\f\n\r\tz"}
      assert JSON.decode(~S("\u0041\u00e9\u20AC-\ud83d\ude00")) == {:ok, "Aé€-😀"}
      assert JSON.decode(~S({"\u0061b":"\n"})) == {:ok, %{"ab" => "\n"}}
    end

    test "says where a text stops being JSON" do
      for {text, at} <- [
            {"", 0},
            {"  ", 2},
            {"nul", 0},
            {"1 2", 2},
            {"01", 1},
            {"-", 0},
            {"1.", 1},
            {"1.e2", 1},
            {"1e", 2},
            {"1e+", 2},
            {"[1,]", 3},
            {"[1 2]", 3},
            {"[1", 2},
            {"{1:2}", 1},
            {~s({"a" 1}), 5},
            {~s({"a":1,}), 7},
            {~s({"a":1), 6},
            {~s("abc), 4},
            {"\"a\nb\"", 2},
            {<<?", 0xFF, ?">>, 1},
            {~S("\x"), 2},
            {~S("\u12G4"), 2},
            {~S("\ud83d"), 7},
            {~S("\ude00"), 2},
            {~S("\ud83dA"), 7}
          ] do
        assert {text, JSON.decode(text)} == {text, {:error, {:invalid_json, at}}}
      end
    end

    test "refuses a float that no double can hold" do
      assert {:error, {:invalid_json, _at}} = JSON.decode("1e999")
    end

    test "is not troubled by depth" do
      depth = 100_000
      text = String.duplicate("[", depth) <> String.duplicate("]", depth)
      assert {:ok, [_]} = JSON.decode(text)
    end
  end

  test "random terms survive the way there and back" do
    :rand.seed(:exsss, {1, 2, 3})

    for _round <- 1..500 do
      term = random_term(4)
      text = encode!(term)
      assert JSON.decode(text) == {:ok, term}
      assert JSON.decode(with_space(text)) == {:ok, term}
    end
  end

  test "random damage is an error or other JSON, never an exception" do
    :rand.seed(:exsss, {4, 5, 6})
    text = encode!(%{"a" => [1, -2.5e10, "é\n\"x", nil, %{"b" => true}], "c" => []})

    for _round <- 1..2000 do
      at = :rand.uniform(byte_size(text)) - 1
      head = binary_part(text, 0, at)
      <<_byte, tail::binary>> = binary_part(text, at, byte_size(text) - at)
      damaged = <<head::binary, :rand.uniform(256) - 1, tail::binary>>
      assert {outcome, _value} = JSON.decode(damaged)
      assert outcome in [:ok, :error]
      assert {:error, {:invalid_json, _at}} = JSON.decode(head)
    end
  end

  defp random_term(0), do: random_scalar()

  defp random_term(depth) do
    case :rand.uniform(3) do
      1 -> random_scalar()
      2 -> random_list(fn -> random_term(depth - 1) end)
      3 -> Map.new(random_list(fn -> {random_text(), random_term(depth - 1)} end))
    end
  end

  defp random_scalar do
    case :rand.uniform(6) do
      1 -> Enum.random([nil, true, false])
      2 -> :rand.uniform(1000) - 500
      3 -> -:rand.uniform(2 ** 80)
      4 -> :rand.normal() * :math.pow(10, :rand.uniform(200) - 100)
      _ -> random_text()
    end
  end

  defp random_list(fun), do: for(_ <- 1..:rand.uniform(6), :rand.uniform(5) > 1, do: fun.())

  defp random_text do
    ranges = [
      0x00..0x7F,
      0x20..0x7E,
      0x80..0x7FF,
      0x800..0xD7FF,
      0xE000..0xFFFF,
      0x10000..0x10FFFF
    ]

    List.to_string(random_list(fn -> Enum.random(Enum.random(ranges)) end))
  end

  # Only where no string is near: after the first and before the last bracket.
  defp with_space(<<bracket, rest::binary>>) when bracket in [?[, ?{] do
    inner = binary_part(rest, 0, byte_size(rest) - 1)
    closing = :binary.last(rest)
    <<bracket, " \n", inner::binary, "\t\r", closing>>
  end

  defp with_space(text), do: " " <> text <> " "
end
