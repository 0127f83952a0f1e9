defmodule PhoenixReplay.Native.Test.Terms do
  @moduledoc false
  # Random terms of every type, for property tests. StreamData would be the
  # library for this, but it comes through Hex, which the tests must not need.
  # A failing case is reproduced by the seed that ExUnit prints.

  # Latin-1, beyond Latin-1, beyond the basic plane, and the longest possible.
  @atoms [:ok, nil, true, :"", :"with space", :é, :日本, :"😀", :"Elixir.Enum"] ++
           [
             String.to_atom(String.duplicate("a", 255)),
             String.to_atom(String.duplicate("é", 200))
           ]

  @doc "A term of at most about `size` leaves."
  def term(size) when size <= 1, do: leaf()

  def term(size) do
    case :rand.uniform(12) do
      1 -> list(size)
      2 -> improper(size)
      3 -> size |> list() |> List.to_tuple()
      4 -> map(size)
      5 -> map(size)
      6 -> charlist()
      7 -> struct_like(size)
      8 -> Enum.reduce(1..:rand.uniform(100), leaf(), fn _, inner -> nest(inner) end)
      9 -> {:rand.uniform(1000), Enum.random([:event, :assigns, :info]), map(size)}
      10 -> wide()
      _ -> leaf()
    end
  end

  @doc "A term without parts."
  def leaf do
    case :rand.uniform(17) do
      1 -> Enum.random(@atoms)
      2 -> :rand.uniform(300) - 20
      3 -> Enum.random([1, -1]) * Bitwise.bsl(1, :rand.uniform(70)) + :rand.uniform(3) - 2
      4 -> Enum.random([1, -1]) * Bitwise.bsl(:rand.uniform(1_000_000), :rand.uniform(3000))
      5 -> :rand.normal() * 1.0e10
      6 -> Enum.random([0.0, -0.0, 1.0e-308, 1.7976931348623157e308])
      7 -> :rand.bytes(:rand.uniform(100) - 1)
      8 -> :rand.bytes(Enum.random([63, 64, 65, 255, 256]))
      9 -> String.duplicate("ä日", :rand.uniform(20))
      10 -> <<:rand.bytes(:rand.uniform(10))::binary, 5::size(Enum.random(1..7))>>
      11 -> self()
      12 -> make_ref()
      # Whether it is there is no matter, and to look for one takes long.
      13 -> :erlang.list_to_port(~c"#Port<0.#{:rand.uniform(300)}>")
      14 -> &String.length/1
      15 -> closure(:rand.uniform(10))
      16 -> []
      17 -> Enum.random([~D[2026-11-23], ~U[2026-11-23 01:02:03.000004Z], 1..3])
    end
  end

  defp list(size), do: for(_ <- 1..:rand.uniform(size), do: term(div(size, 2)))

  defp improper(size), do: list(size) ++ leaf()

  defp charlist do
    len = if :rand.uniform(30) == 1, do: Enum.random([65_535, 65_536]), else: :rand.uniform(20)
    :binary.bin_to_list(:rand.bytes(len))
  end

  defp map(size) do
    # More than 32 keys make another kind of map in the VM.
    keys = Enum.random([0, 1, 2, 3, 5, 32, 33])
    for _ <- 1..keys//1, into: %{}, do: {term(1), term(div(size, max(keys, 2)))}
  end

  defp struct_like(size), do: Map.put(map(size), :__struct__, Enum.random([URI, Version]))

  defp nest(inner), do: Enum.random([[inner], {inner}, %{inner => 1}, [1 | inner]])

  defp wide, do: List.to_tuple(for i <- 1..Enum.random([254, 255, 256, 300]), do: i)

  defp closure(captured), do: fn x -> {x, captured} end
end
