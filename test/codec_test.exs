defmodule PhoenixReplay.Native.CodecTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.Native.Nif
  alias PhoenixReplay.Native.Test.{Differential, Terms}

  # In parts, each of which has the time of a test.
  @parts 4
  @rounds div(2000, @parts)

  defp vm_decode(bytes) do
    {:ok, :erlang.binary_to_term(bytes, [:safe])}
  rescue
    ArgumentError -> :error
  end

  defp native_decode(bytes) do
    case Nif.codec_decode(bytes) do
      {:ok, term} -> {:ok, term}
      {:error, _reason} -> :error
    end
  end

  defp unknown_atom(text), do: <<131, 119, byte_size(text), text::binary>>

  for part <- 1..@parts do
    test "random terms of every type survive the encoder, read by the VM (#{part})" do
      for _ <- 1..@rounds do
        term = Terms.term(20)
        assert {:ok, bytes} = Nif.codec_encode(term)
        assert :erlang.binary_to_term(bytes, [:safe]) === term
      end
    end

    test "the decoder gives the VM's terms for whatever the VM's encoder writes (#{part})" do
      options = [[], [:compressed], [compressed: 9], [minor_version: 0], [minor_version: 2]]

      for _ <- 1..@rounds do
        bytes = :erlang.term_to_binary(Terms.term(20), Enum.random(options))
        assert native_decode(bytes) === vm_decode(bytes)
      end
    end
  end

  test "the encoder's bytes are the VM's, for what it has only one way to say" do
    for term <-
          [0, 255, 256, -1, 2_147_483_647, 2_147_483_648, -2_147_483_649, 1.5] ++
            [~c"abc", [1, 256], [1 | 2], [], {}, {1, {2}}, %{}, "", "binary", <<1::3>>] ++
            [1 <<< 63, (1 <<< 64) - 1, -(1 <<< 63), 1 <<< 2100, List.duplicate(7, 65_536)] do
      assert Nif.codec_encode(term) == {:ok, :erlang.term_to_binary(term)}
    end
  end

  test "what the VM refuses of damaged bytes is refused, what it takes is equal" do
    # In another VM: there are some that it dies of.
    {counts, faults} =
      Differential.run_flipped(:rand.uniform(1_000_000_000), 2 * @parts * @rounds)

    assert faults == []
    assert counts.equal > 200 and counts.refused_by_both > 200
  end

  # Where the VM takes more than the published format: its own tags for
  # terms of one VM (73 to 76, 121), a fun (112) whose stated size is wrong, and
  # a reference (90, 114) without words, for which it reads what lies behind.
  defp stricter?({:malformed, offset}, bytes),
    do: :binary.at(bytes, offset) in [73, 74, 75, 76, 90, 112, 114, 121]

  defp stricter?(_reason, _bytes), do: false

  test "an atom that does not exist is an error, and is not made" do
    name = "never_heard_of_#{System.unique_integer([:positive])}"

    for text <- [name, name <> "é", name <> "日"] do
      assert Nif.codec_decode(unknown_atom(text)) == {:error, {:unknown_atom, nil}}
      assert_raise ArgumentError, fn -> String.to_existing_atom(text) end
    end
  end

  test "an atom is the same in each of its spellings, as often as it comes" do
    for text <- ["", "a", "ok", "mount", "assigns", "eight_by", String.duplicate("long", 60)] do
      length = byte_size(text)

      spellings = [
        <<119, length, text::binary>>,
        <<118, length::16, text::binary>>,
        <<115, length, text::binary>>,
        <<100, length::16, text::binary>>
      ]

      twice = Enum.join(spellings ++ spellings)
      expected = List.duplicate(String.to_atom(text), 8)
      assert Nif.codec_decode(<<131, 108, 8::32, twice::binary, 106>>) == {:ok, expected}

      for spelling <- spellings do
        cut = <<131>> <> binary_part(spelling, 0, byte_size(spelling) - 1)
        assert {:error, _reason} = Nif.codec_decode(cut)
      end
    end
  end

  test "the same bytes are another atom in another encoding" do
    # As Latin-1 two characters, as UTF-8 one.
    expected = [:é, :"Ã©", :é, :"Ã©", :é]
    bytes = "é"
    utf8 = <<119, 2, bytes::binary, 118, 2::16, bytes::binary>>
    <<first::binary-size(4), second::binary>> = utf8
    latin1 = [<<115, 2, bytes::binary>>, <<100, 2::16, bytes::binary>>]
    all = Enum.join([first, hd(latin1), second, List.last(latin1), first])
    assert Nif.codec_decode(<<131, 108, 5::32, all::binary, 106>>) == {:ok, expected}
  end

  test "equal keys in a map are refused" do
    assert {:error, {:refused, 1}} =
             Nif.codec_decode(<<131, 116, 2::32, 97, 1, 97, 2, 97, 1, 97, 3>>)
  end

  # In a map of more than 32 pairs the VM itself does not look, and what it
  # makes of equal keys is no map: using it is the end of the VM.
  test "equal keys in a map of any size and at any depth are refused" do
    for pairs <- [2, 32, 33, 34, 64, 1000], other <- [1, pairs - 1], depth <- [0, 63, 64, 100] do
      keys = Enum.to_list(1..(pairs - 1)) ++ [other]
      map = for key <- keys, into: <<116, pairs::32>>, do: <<98, key::32, 106>>
      bytes = <<131, :binary.copy(<<104, 1>>, depth)::binary, map::binary>>
      assert {:error, {:refused, _}} = Nif.codec_decode(bytes)
    end

    # 1 and 1.0 are two keys.
    map = for key <- 1..40, into: <<116, 80::32>>, do: <<97, key, 106, 70, key::float, 106>>
    assert {:ok, map} = Nif.codec_decode(<<131, map::binary>>)
    assert map_size(map) == 80
  end

  # The scratch buffer still holds what was there before, in which the VM would
  # read on.
  test "the VM is never handed what it reads too far of" do
    atom = <<119, 2, "ok">>
    float = <<99, "1.5", :binary.copy("0", 28)::binary>>
    too_far = [<<114, 0::16, atom::binary, 1>>, <<90, 0::16, atom::binary, 1::32>>, float]

    for term <- too_far, depth <- [0, 64, 100], stale <- [0, 2, ?x] do
      deep = <<:binary.copy(<<104, 1>>, depth)::binary, term::binary>>
      stale = <<77, 400::32, 3, :binary.copy(<<stale>>, 400)::binary>>
      bytes = <<131, 104, 2, stale::binary, deep::binary>>
      assert {:error, {:malformed, at}} = Nif.codec_decode(bytes)
      assert at == byte_size(bytes) - byte_size(term)
    end
  end

  # Bodies of what is handed to the VM, of random bytes: whatever the VM makes
  # of them, it is asked only for what it reads to its end and no further.
  for part <- 1..@parts do
    test "the decoder agrees with the VM about every kind of term (#{part})" do
      atoms = [<<119, 2, "ok">>, <<119, 13, "nonode@nohost">>, <<100, 0, 2, "ok">>]
      tags = [70, 77, 88, 89, 90, 97, 98, 101, 102, 103, 107, 110, 111, 112, 113, 114, 117, 120]

      for _ <- 1..div(20_000, @parts) do
        words = Enum.random([<<>>, <<0, :rand.uniform(7) - 1>>])
        body = words <> Enum.random(atoms) <> Enum.random([<<>>, Enum.random(atoms)])
        body = Enum.random([body, :rand.bytes(4), <<0, 0, 0, :rand.uniform(9)>>])
        rest = :binary.copy(<<Enum.random([0, 1, 97, 255])>>, 40)
        bytes = <<131, Enum.random(tags), body::binary, :rand.bytes(4)::binary, rest::binary>>

        case Nif.codec_decode(bytes) do
          {:ok, term} -> assert vm_decode(bytes) === {:ok, term}
          {:error, reason} -> assert vm_decode(bytes) == :error or stricter?(reason, bytes)
        end
      end
    end
  end

  test "bytes that are no term name the offending byte" do
    assert Nif.codec_decode(<<131, 104, 2, 97, 1, 250>>) == {:error, {:malformed, 5}}
    assert {:error, {:malformed, _}} = Nif.codec_decode("")
  end

  test "what is compressed is gzip, at every level and no other" do
    content = :erlang.term_to_binary(Terms.term(50))

    for level <- 1..12,
        do: assert(:zlib.gunzip(Nif.codec_compress(content, {:gzip, level})) == content)

    for level <- [-1, 0, 13],
        do: assert(Nif.codec_compress(content, {:gzip, level}) == {:error, :badarg})
  end

  test "what is compressed is a Zstandard frame, at every level and no other" do
    content = :erlang.term_to_binary(Terms.term(50))

    for level <- 1..19,
        do: assert(<<0x28, 0xB5, 0x2F, 0xFD, _::binary>> = compress(content, {:zstd, level}))

    for level <- [-1, 0, 20],
        do: assert(compress(content, {:zstd, level}) == {:error, :badarg})
  end

  defp compress(content, compression), do: Nif.codec_compress(content, compression)

  test "a million nested lists go through both ways" do
    deep = Enum.reduce(1..1_000_000, [], fn _, inner -> [inner] end)
    assert {:ok, bytes} = Nif.codec_encode(deep)
    assert {:ok, decoded} = Nif.codec_decode(bytes)
    assert decoded === deep
  end

  defp a <<< b, do: Bitwise.bsl(a, b)
end
