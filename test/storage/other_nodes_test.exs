defmodule PhoenixReplay.Storage.OtherNodesTest do
  @moduledoc false
  # Recordings that were made on a node of another name, as each new container
  # has one: their identifiers name a node that is no atom here.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Storage.Native

  # A name that no code mentions, as the bytes of an atom.
  defp node_name(number), do: "app#{number}-#{System.unique_integer([:positive])}@host"

  defp atom(text), do: <<119, byte_size(text), text::binary>>
  defp tuple(terms), do: <<104, length(terms), IO.iodata_to_binary(terms)::binary>>
  defp pid(node), do: <<88, atom(node)::binary, 100::32, 2::32, 5::32>>
  defp old_pid(node), do: <<103, atom(node)::binary, 100::32, 2::32, 0>>
  defp port(node), do: <<120, atom(node)::binary, 7::64, 5::32>>
  defp ref(node), do: <<90, 3::16, atom(node)::binary, 5::32, 1::32, 2::32, 3::32>>

  defp closure(module, creator, variables) do
    body =
      <<1, 7::128, 3::32, length(variables)::32, atom(module)::binary, 97, 3, 97, 9,
        creator::binary, IO.iodata_to_binary(variables)::binary>>

    <<112, byte_size(body) + 4::32, body::binary>>
  end

  # The file of a recording whose payload is this encoded term.
  defp write(opts, payload) do
    File.mkdir_p!(opts[:path])
    recording = %{recording() | events: [{1, :info, %{term: :mark_of_the_payload}}]}
    etf = recording |> Map.from_struct() |> :erlang.term_to_binary()
    <<131, mark::binary>> = :erlang.term_to_binary(:mark_of_the_payload)
    [before, rest] = :binary.split(etf, mark)
    bytes = before <> payload <> rest
    File.write!(Path.join(opts[:path], recording.id <> ".etf"), bytes)
    recording.id
  end

  defp read(opts, payload) do
    id = write(opts, payload)
    assert {:ok, %{events: [{1, :info, %{term: term}}]}} = Native.get(id, opts)
    assert Native.delete(id, opts) == :ok
    term
  end

  defp deep(term), do: :binary.copy(<<104, 1>>, 100) <> term
  defp undeep({inner}), do: undeep(inner)
  defp undeep(term), do: term

  setup do
    %{opts: [path: tmp_dir()], here: node_name(1), there: node_name(2)}
  end

  test "pids, ports and references are read as those of no node", %{opts: opts, here: here} do
    terms = tuple([pid(here), old_pid(here), port(here), ref(here)])

    for term <- [read(opts, terms), undeep(read(opts, deep(tuple([terms, terms]))))] do
      {pid, old, port, ref} = if tuple_size(term) == 2, do: elem(term, 1), else: term
      assert is_pid(pid) and is_pid(old) and is_port(port) and is_reference(ref)
      for it <- [pid, old, port, ref], do: assert(node(it) == :nonode@nohost)
      assert inspect(pid) =~ ".100.2>"
      # It is nobody here, though this node has that name too.
      for it <- [pid, old], do: refute(Process.alive?(it))
      # And is stored as any other.
      assert term === term |> :erlang.term_to_binary() |> :erlang.binary_to_term([:safe])
    end

    assert_raise ArgumentError, fn -> String.to_existing_atom(here) end
  end

  test "what was the same is the same, what was not is not", context do
    %{opts: opts, here: here, there: there} = context
    terms = tuple([pid(here), pid(there), old_pid(here), pid(here), ref(here), ref(there)])
    {a, b, older, same, ref_a, ref_b} = read(opts, terms)
    assert a === same
    assert length(Enum.uniq([a, b, older])) == 3
    assert ref_a != ref_b
  end

  test "those of nodes that are known stay what they are", %{opts: opts, here: here} do
    assert read(opts, tuple([pid("known@host"), pid(here)])) |> elem(0) |> node() == :known@host
    assert <<131, self::binary>> = :erlang.term_to_binary(self())
    assert read(opts, tuple([self, pid(here)])) |> elem(0) === self()
  end

  test "a function that was made there is a function", %{opts: opts, here: here} do
    inner = closure("Elixir.Enum", pid(here), [pid(here)])

    terms = [
      closure("Elixir.Enum", pid(here), []),
      closure("Elixir.Enum", pid(here), [inner, pid(here)])
    ]

    assert {none, two} = read(opts, tuple(terms))
    assert is_function(none, 1) and is_function(two, 1)
    assert [inner, pid] = Function.info(two)[:env]
    assert [^pid] = Function.info(inner)[:env]
    assert node(pid) == :nonode@nohost
    assert Function.info(two)[:module] == Enum

    assert {^two} =
             read(opts, deep(tuple([List.last(terms)])))
             |> undeep()
             |> List.wrap()
             |> List.to_tuple()
  end

  test "a function that this system does not have is its text", %{opts: opts, here: here} do
    module = "Elixir.Unheard#{System.unique_integer([:positive])}"
    name = String.replace_prefix(module, "Elixir.", "")
    export = <<113, atom(module)::binary, atom("run")::binary, 97, 2>>
    no_such = <<113, atom("Elixir.Enum")::binary, atom("ok")::binary, 97, 9>>
    fun = closure(module, pid(here), [export, pid(here)])

    assert read(opts, tuple([export, no_such, fun])) ==
             {"&#{name}.run/2", "&Enum.ok/9", "#Function<3.9/1 in #{name}>"}

    assert undeep(read(opts, deep(fun))) == "#Function<3.9/1 in #{name}>"
    within = closure("Elixir.Enum", pid(here), [export])
    assert [text] = Function.info(read(opts, within))[:env]
    assert text == "&#{name}.run/2"
  end

  test "what claims to be this node's and can't be is still told apart", %{opts: opts} do
    node = Atom.to_string(node())
    impossible = [<<88, atom(node)::binary, -1::32, -1::32, 0::32>>]
    impossible = [<<90, 5::16, atom(node)::binary, 0::32, -1::160>> | impossible]
    assert {ref, pid} = read(opts, tuple(impossible))
    assert is_reference(ref) and is_pid(pid)
  end

  test "only an atom is called an unknown atom", %{here: here} do
    alias PhoenixReplay.Native.Nif
    unknown = {:error, {:unknown_atom, nil}}
    assert Nif.codec_decode(<<131, pid(here)::binary>>) == unknown
    assert Nif.codec_decode(<<131, deep(atom(here))::binary>>) == unknown
    equal_keys = <<116, 2::32, 97, 1, 106, 97, 1, 106>>
    assert {:error, {:refused, _}} = Nif.codec_decode(<<131, deep(equal_keys)::binary>>)
    no_such = <<113, atom("Elixir.Enum")::binary, atom("ok")::binary, 97, 9>>
    assert {:error, {:refused, 1}} = Nif.codec_decode(<<131, no_such::binary>>)
  end

  test "an unknown atom is still an error, in what a function has captured too", context do
    %{opts: opts, here: here} = context

    for payload <- [atom(here), closure("Elixir.Enum", pid(here), [atom(here)])] do
      id = write(opts, payload)

      assert ExUnit.CaptureLog.capture_log(fn -> assert Native.get(id, opts) == :error end) =~
               "mentions an atom"
    end
  end
end
