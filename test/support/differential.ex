defmodule PhoenixReplay.Native.Test.Differential do
  @moduledoc false
  # The decoder against `binary_to_term/2` with `[:safe]`, and the encoder against both, for many
  # terms. All of it happens in a child VM, because there are damaged terms that the VM dies of: it
  # is started again behind what it died of, and that is counted.
  #
  # What the two may differ in has a name, and so does what kills the VM. RELIABILITY.md lists
  # them. Anything else is a difference that must not be.

  alias PhoenixReplay.Native.Nif
  alias PhoenixReplay.Native.Test.{ChildVM, Terms}

  # Without a word from the child for so long, it hangs.
  @patience_ms 60_000

  # So many terms make a line of the child's.
  @told_every 500

  @doc """
  Decodes `mutants` damaged terms in both ways, and takes `terms` whole ones there and back.
  Returns how often what was found, by name, and what must not be: lines that say which term it
  was.
  """
  def run(seed, mutants, terms) do
    mutants = run(:mutants, seed, 1, mutants, {%{}, []})
    run(:terms, seed, 1, terms, mutants)
  end

  @doc "As `run/3`, with terms of which one byte is another, or which are cut off there."
  def run_flipped(seed, count), do: run(:flipped, seed, 1, count, {%{}, []})

  defp run(_what, _seed, from, to, result) when from > to, do: result

  defp run(what, seed, from, to, {counts, faults}) do
    code = "#{inspect(__MODULE__)}.child(System.argv())"

    port =
      ChildVM.start(code, Enum.map([what, seed, from, to], &to_string/1), [:stderr_to_stdout])

    {ended, at, counts, faults} = listen(port, {from, :native}, counts, faults)

    case {ended, at} do
      {:done, _} ->
        {counts, faults}

      {_died, {at, :vm}} ->
        counts = Map.update(counts, :kills_the_vm, 1, &(&1 + 1))
        run(what, seed, at + 1, to, {counts, faults})

      {died, {at, :native}} ->
        run(what, seed, at + 1, to, {counts, ["#{died} here: #{what} #{seed} #{at}" | faults]})
    end
  end

  # The child tells where it is before whatever the VM may die of.
  defp listen(port, at, counts, faults) do
    receive do
      {^port, {:data, {:eol, "at " <> at}}} ->
        [at, whose] = String.split(at)
        at = {String.to_integer(at), String.to_existing_atom(whose)}
        listen(port, at, counts, faults)

      {^port, {:data, {:eol, "count " <> count}}} ->
        [name, count] = String.split(count)
        add = &(&1 + String.to_integer(count))
        listen(port, at, Map.update(counts, name_of(name), add.(0), add), faults)

      {^port, {:data, {:eol, "differs " <> _ = line}}} ->
        listen(port, at, counts, [line | faults])

      {^port, {:data, {:eol, "done"}}} ->
        ChildVM.await_exit(port)
        {:done, at, counts, faults}

      {^port, {:data, _}} ->
        listen(port, at, counts, faults)

      {^port, {:exit_status, status}} ->
        {"died with #{status}", at, counts, faults}
    after
      @patience_ms ->
        ChildVM.kill(port)
        ChildVM.await_exit(port)
        {"hung", at, counts, faults}
    end
  end

  @names [:equal, :refused_by_both, :private_tags, :size_of_a_fun, :integers_of_a_fun] ++
           [:creator_of_a_fun] ++
           [:words_of_a_reference, :equal_keys_of_a_large_map, :float_without_an_end] ++
           [:float_with_a_comma] ++
           [:too_much, :there_and_back, :differs]

  defp name_of(name), do: Enum.find(@names, &(to_string(&1) == name))

  @doc "What the child VM does."
  def child([what, seed, from, to]) do
    [seed, from, to] = Enum.map([seed, from, to], &String.to_integer/1)

    # Atoms that mutants name must not depend on what was there before.
    step =
      case what do
        "mutants" -> &mutant(&1, damaged())
        "flipped" -> &mutant(&1, flipped())
        "terms" -> &there_and_back/1
      end

    counts =
      Enum.reduce(from..to, %{}, fn at, counts ->
        :rand.seed(:exsss, {seed, at, if(what == "terms", do: 2, else: 1)})
        name = step.(at)
        counts = Map.update(counts, name, 1, &(&1 + 1))
        if rem(at, @told_every) == 0 or at == to, do: tell(counts), else: counts
      end)

    tell(counts)
    IO.puts("done")
  end

  defp tell(counts) do
    for {name, count} <- counts, do: IO.puts("count #{name} #{count}")
    %{}
  end

  defp mutant(at, bytes) do
    native = Nif.codec_decode(bytes)
    # Of the terms that are read here, none may be what the VM dies of.
    if risky?(native), do: IO.puts("at #{at} vm")
    vm = vm_decode(bytes, native)
    if risky?(native), do: IO.puts("at #{at} native")

    case compare(native, vm, bytes) do
      :differs ->
        IO.puts("differs #{at} #{said(native)}, the VM #{elem(vm, 0)}: #{hex(bytes)}")
        :differs

      name ->
        name
    end
  end

  # In one line, which is no longer than a port takes.
  defp said({:ok, _}), do: "read"
  defp said({:error, reason}), do: inspect(reason, width: :infinity)
  defp hex(bytes), do: Base.encode16(binary_part(bytes, 0, min(byte_size(bytes), 10_000)))

  defp risky?({:error, {:unknown_atom, _}}), do: false
  defp risky?({:error, _}), do: true
  defp risky?({:ok, _}), do: false

  # What is refused here is not looked at: what the VM makes of it may be no term. It is given a
  # copy: in the binary that it reads it puts a point in the place of a float's comma.
  defp vm_decode(bytes, native) do
    term = :erlang.binary_to_term(:binary.copy(bytes), [:safe])
    if match?({:ok, _}, native), do: {:ok, term}, else: {:ok, nil}
  rescue
    ArgumentError -> {:error, :badarg}
  end

  defp compare({:ok, a}, {:ok, b}, _bytes) do
    if a === b and :erlang.term_to_binary(a) == :erlang.term_to_binary(b),
      do: :equal,
      else: :differs
  end

  defp compare({:error, _}, {:error, _}, _bytes), do: :refused_by_both
  defp compare({:ok, _}, {:error, _}, _bytes), do: :differs
  defp compare({:error, reason}, {:ok, _}, bytes), do: stricter(reason, bytes)

  # Where the VM takes what it should not, or what the published format does not have.
  defp stricter(:too_large, _bytes), do: :too_much

  defp stricter({reason, at}, bytes) when is_integer(at) do
    plain = plain(bytes)

    case named(reason, from(plain, at)) do
      :differs -> if creator_of_a_fun?(plain, at), do: :creator_of_a_fun, else: :differs
      name -> name
    end
  end

  defp stricter(_reason, _bytes), do: :differs

  defp named(:malformed, <<tag, _::binary>>) when tag in [73, 74, 75, 76, 121], do: :private_tags
  defp named(:malformed, <<112, _::binary>>), do: :size_of_a_fun
  defp named(:malformed, <<tag, _::binary>>) when tag in [110, 111], do: :integers_of_a_fun
  defp named(:malformed, <<tag, _::binary>>) when tag in [90, 114], do: :words_of_a_reference
  defp named(:refused, <<116, _::binary>>), do: :equal_keys_of_a_large_map

  defp named(:malformed, <<99, text::binary-31, _::binary>>) do
    cond do
      :binary.match(text, <<0>>) == :nomatch -> :float_without_an_end
      :binary.match(text, ",") != :nomatch -> :float_with_a_comma
      true -> :differs
    end
  end

  defp named(_reason, _bytes), do: :differs

  # Whether a function before it has its creator's pid there.
  defp creator_of_a_fun?(bytes, at) do
    Enum.any?(:binary.matches(bytes, <<112>>), fn {start, _} ->
      start < at and bytes |> from(start) |> creator() == from(bytes, at)
    end)
  end

  defp creator(
         <<112, _size::32, _arity, _digest::binary-16, _index::32, _free::32, rest::binary>>
       ),
       do: rest |> behind() |> behind() |> behind()

  defp creator(_bytes), do: nil

  # Behind an atom or an integer.
  defp behind(<<tag, len::16, _::binary-size(len), rest::binary>>) when tag in [100, 118],
    do: rest

  defp behind(<<tag, len, _::binary-size(len), rest::binary>>) when tag in [115, 119], do: rest
  defp behind(<<97, _, rest::binary>>), do: rest
  defp behind(<<98, _::32, rest::binary>>), do: rest
  defp behind(_bytes), do: nil

  # Faults of a compressed term are counted in what it expands to.
  defp plain(<<131, 80, _size::32, zlib::binary>>), do: <<131, inflate(zlib)::binary>>
  defp plain(bytes), do: bytes

  defp from(bytes, at) when at < byte_size(bytes),
    do: binary_part(bytes, at, byte_size(bytes) - at)

  defp from(_bytes, _at), do: <<>>

  defp inflate(zlib) do
    z = :zlib.open()
    :ok = :zlib.inflateInit(z)
    # What stands behind it is not looked at.
    plain = :zlib.inflate(z, zlib)
    :zlib.close(z)
    IO.iodata_to_binary(plain)
  rescue
    ErlangError -> <<0>>
  end

  @doc "A damaged term: of the random ones, in one of the ways to write it."
  def damaged do
    options = [[], [], [], [:compressed], [minor_version: 0], [minor_version: 1]]
    bytes = :erlang.term_to_binary(Terms.term(Enum.random([1, 4, 8, 16])), Enum.random(options))
    Enum.reduce(1..Enum.random([1, 1, 1, 2, 3]), bytes, fn _, bytes -> damage(bytes) end)
  end

  defp flipped do
    bytes = :erlang.term_to_binary(Terms.term(8))
    at = :rand.uniform(byte_size(bytes)) - 1
    before = binary_part(bytes, 0, at)
    <<byte, rest::binary>> = binary_part(bytes, at, byte_size(bytes) - at)
    flipped = Bitwise.bxor(byte, :rand.uniform(255))
    Enum.random([<<before::binary, flipped, rest::binary>>, before])
  end

  # The tags of the format, and of what only the VM has.
  @tags [70, 73, 74, 75, 76, 77, 80, 82, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105] ++
          [106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 131]

  defp damage(<<>>), do: <<>>

  defp damage(bytes) do
    at = :rand.uniform(byte_size(bytes)) - 1
    before = binary_part(bytes, 0, at)
    <<byte, rest::binary>> = binary_part(bytes, at, byte_size(bytes) - at)

    case :rand.uniform(10) do
      1 ->
        <<before::binary, Bitwise.bxor(byte, Bitwise.bsl(1, :rand.uniform(8) - 1)), rest::binary>>

      2 ->
        <<before::binary, :rand.uniform(256) - 1, rest::binary>>

      3 ->
        <<before::binary, byte + 1, rest::binary>>

      4 ->
        <<before::binary, byte - 1, rest::binary>>

      5 ->
        <<before::binary, Enum.random(@tags), rest::binary>>

      6 ->
        <<before::binary, Enum.random(@tags), byte, rest::binary>>

      7 ->
        before

      8 ->
        <<before::binary, rest::binary>>

      9 ->
        <<before::binary, part(rest)::binary, byte, rest::binary>>

      10 ->
        <<before::binary, other()::binary, rest::binary>>
    end
  end

  defp part(bytes), do: binary_part(bytes, 0, min(byte_size(bytes), :rand.uniform(20)))

  # A leaf in the place of a byte, which may be the tag of another one.
  defp other do
    <<131, term::binary>> = :erlang.term_to_binary(Terms.leaf())
    term
  end

  defp there_and_back(at) do
    term = Terms.term(Enum.random([1, 5, 20, 50]))
    {:ok, ours} = Nif.codec_encode(term)
    theirs = :erlang.term_to_binary(term, Enum.random([[], [:compressed], [minor_version: 0]]))

    if :erlang.binary_to_term(ours, [:safe]) === term and Nif.codec_decode(ours) === {:ok, term} and
         Nif.codec_decode(theirs) === {:ok, :erlang.binary_to_term(theirs)} do
      :there_and_back
    else
      IO.puts("differs #{at} there and back: #{hex(ours)}")
      :differs
    end
  end
end
