defmodule PhoenixReplay.Native.CodecTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.Native.Nif
  alias PhoenixReplay.Native.Test.Terms

  @rounds 2000

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

  test "random terms of every type survive the encoder, read by the VM" do
    for _ <- 1..@rounds do
      term = Terms.term(20)
      assert {:ok, bytes} = Nif.codec_encode(term)
      assert :erlang.binary_to_term(bytes, [:safe]) === term
    end
  end

  test "the decoder gives the VM's terms for whatever the VM's encoder writes" do
    options = [[], [:compressed], [compressed: 9], [minor_version: 0], [minor_version: 2]]

    for _ <- 1..@rounds do
      bytes = :erlang.term_to_binary(Terms.term(20), Enum.random(options))
      assert native_decode(bytes) === vm_decode(bytes)
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
    for _ <- 1..@rounds do
      bytes = :erlang.term_to_binary(Terms.term(8))
      at = :rand.uniform(byte_size(bytes)) - 1
      <<before::binary-size(at), byte, rest::binary>> = bytes
      flipped = <<before::binary, Bitwise.bxor(byte, :rand.uniform(255)), rest::binary>>

      for damaged <- [flipped, before] do
        case Nif.codec_decode(damaged) do
          {:ok, term} -> assert vm_decode(damaged) === {:ok, term}
          {:error, reason} -> assert vm_decode(damaged) == :error or stricter?(reason, damaged)
        end
      end
    end
  end

  # Where the VM takes more than the published format: its own tags for
  # terms of one VM (73 to 76, 121), and a fun (112) whose stated size is wrong.
  defp stricter?({:malformed, offset}, bytes),
    do: :binary.at(bytes, offset) in [73, 74, 75, 76, 112, 121]

  defp stricter?(_reason, _bytes), do: false

  test "an atom that does not exist is an error, and is not made" do
    name = "never_heard_of_#{System.unique_integer([:positive])}"

    for text <- [name, name <> "é", name <> "日"] do
      assert Nif.codec_decode(unknown_atom(text)) == {:error, {:unknown_atom, nil}}
      assert_raise ArgumentError, fn -> String.to_existing_atom(text) end
    end
  end

  test "equal keys in a map are refused" do
    assert {:error, {:refused, 1}} =
             Nif.codec_decode(<<131, 116, 2::32, 97, 1, 97, 2, 97, 1, 97, 3>>)
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
