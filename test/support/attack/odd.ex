defmodule PhoenixReplay.Native.Test.Attack.Odd do
  @moduledoc false
  # Terms that few calls expect, of every type that the VM has.

  @deep 20_000

  @doc "Pairs of what it is and the term; `more` are resources of this library."
  def terms(more) do
    numbers() ++ binaries() ++ lists() ++ maps() ++ tuples() ++ identifiers() ++ more
  end

  defp numbers do
    [
      zero: 0,
      one: 1,
      minus: -1,
      smallest_bignum: Bitwise.bsl(1, 59),
      largest_i64: Bitwise.bsl(1, 63) - 1,
      beyond_i64: Bitwise.bsl(1, 63),
      beyond_u64: Bitwise.bsl(1, 64),
      below_i64: -Bitwise.bsl(1, 63) - 1,
      bignum: Bitwise.bsl(1, 3_000),
      float: 1.5,
      negative_zero: -0.0,
      largest_float: 1.7976931348623157e308
    ]
  end

  defp binaries do
    <<_::3, within::binary-size(100), _::5>> = :binary.copy(<<7>>, 101)

    [
      empty: "",
      nul: "a\0b",
      no_text: <<0xFF, 0xFE, 0xC0>>,
      path_up: "../up",
      long: :binary.copy("x", 300),
      too_long: :binary.copy("x", 70_000),
      large: :binary.copy(<<0>>, 200_000),
      part: :binary.part(:binary.copy("abc", 1_000), 1_500, 500),
      bits: <<5::3>>,
      many_bits: <<:binary.copy("y", 1_000)::binary, 1::1>>,
      begins_within_a_byte: within,
      damaged_term: <<131, 108, 0xFFFF_FFFF::32>>
    ]
  end

  defp lists do
    [
      nothing: [],
      improper: [1 | 2],
      improper_binaries: ["a" | "b"],
      improper_pairs: [{URI, false} | URI],
      improper_at_its_end: Enum.to_list(1..1_000) ++ :end,
      text: ~c"text",
      no_characters: [0x110000, -1],
      keywords: [path: "x", format: :etf],
      binaries: ["a", "b"],
      long_list: Enum.to_list(1..20_000),
      deep_list: Enum.reduce(1..@deep, [], fn _, inner -> [inner] end),
      deep_tail: Enum.reduce(1..@deep, :end, fn n, inner -> [n | inner] end)
    ]
  end

  defp maps do
    [
      no_map: %{},
      struct: ~D[2026-11-23],
      no_module: %{__struct__: :no_such_module},
      no_atom: %{__struct__: "text"},
      many_keys: Map.new(1..100, &{&1, &1}),
      keys_of_all_kinds: %{1 => 1, 1.0 => 2, "a" => 3, [] => 4, {} => 5, %{} => 6, nil => 7},
      deep_map: Enum.reduce(1..@deep, 1, fn _, inner -> %{inner: inner} end),
      deep_key: Enum.reduce(1..1_000, 1, fn _, inner -> %{inner => 1} end)
    ]
  end

  defp tuples do
    [
      no_tuple: {},
      pair: {1, nil},
      event: {0, :event, %{}},
      wide: List.to_tuple(Enum.to_list(1..5_000)),
      deep_tuple: Enum.reduce(1..@deep, {}, fn _, inner -> {inner} end)
    ]
  end

  # Functions, processes, and references: some of them are resources of others.
  defp identifiers do
    {gone, ref} = spawn_monitor(fn -> :ok end)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
    held = self()
    # A pid and a reference of a node that is none.
    away = "nobody@nowhere"
    node = <<119, byte_size(away), away::binary>>

    [
      none: nil,
      yes: true,
      no: false,
      atom: :etf,
      module: __MODULE__,
      no_ascii: :日本,
      function: &String.length/1,
      closure: fn x -> {x, held} end,
      me: self(),
      gone: gone,
      stranger: :erlang.binary_to_term(<<131, 88, node::binary, 1::32, 2::32, 3::32>>),
      port: hd(Port.list()),
      reference: make_ref(),
      strange_reference:
        :erlang.binary_to_term(<<131, 90, 2::16, node::binary, 1::32, 2::32, 3::32>>),
      atomics: :atomics.new(1, []),
      counters: :counters.new(1, [:write_concurrency]),
      table: :ets.new(:odd, [:public]),
      regex: ~r/x+/
    ]
  end
end
