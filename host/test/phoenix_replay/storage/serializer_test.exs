defmodule PhoenixReplay.Storage.SerializerTest do
  use PhoenixReplay.Case, async: true

  alias PhoenixReplay.Storage.Serializer

  defp json(recording) do
    {:ok, iodata} = Serializer.encode(recording, :json)
    {:ok, object} = iodata |> IO.iodata_to_binary() |> PhoenixReplay.JSON.decode()
    object
  end

  defp payload_in_json(payload) do
    %{"events" => [%{"payload" => payload}]} =
      json(recording("a", events: [{0, :assigns, %{delta: payload}}]))

    payload["delta"]
  end

  test "ETF is a plain map with the fields of a recording" do
    {:ok, data} = Serializer.encode(recording("a"), :etf)
    assert :erlang.binary_to_term(data) == Map.from_struct(recording("a"))
  end

  test "ETF holds any term" do
    term = %{
      pid: self(),
      ref: make_ref(),
      fun: &String.length/1,
      tuple: {1, {2}},
      improper: [1 | 2],
      big: 2 ** 200,
      bytes: <<0xFF>>,
      bits: <<1::3>>,
      at: ~U[2026-01-02 03:04:05Z]
    }

    recording = recording("a", events: [{0, :assigns, %{delta: term}}])
    {:ok, data} = Serializer.encode(recording, :etf)
    assert Serializer.decode(data, :etf) == {:ok, recording}
  end

  test "JSON names the view and the type of each event" do
    object = json(recording("a"))
    assert object["view"] == "PhoenixReplay.Case.Live"
    assert [%{"type" => "mount"}, %{"type" => "event", "offset" => 12}] = object["events"]
  end

  test "in a JSON payload atoms become strings, tuples arrays, structs tagged objects" do
    assert payload_in_json(%{
             role: :admin,
             on: true,
             none: nil,
             impl: Calendar.ISO,
             errors: [title: {"is too short", [count: 3]}],
             range: 1..2
           }) == %{
             "role" => "admin",
             "on" => true,
             "none" => nil,
             "impl" => "Elixir.Calendar.ISO",
             "errors" => [["title", ["is too short", [["count", 3]]]]],
             "range" => %{"__struct__" => "Range", "first" => 1, "last" => 2, "step" => 1}
           }
  end

  test "JSON keys are what to_string/1 makes of them, or raise" do
    assert payload_in_json(%{1 => 1, nil => 2, true => 3, ~c"ab" => 4, ~D[2026-01-02] => 5}) ==
             %{"1" => 1, "" => 2, "true" => 3, "ab" => 4, "2026-01-02" => 5}

    tuple = recording("a", events: [{0, :assigns, %{delta: %{{:a, 1} => 2}}}])
    assert_raise Protocol.UndefinedError, fn -> Serializer.encode(tuple, :json) end
  end

  test "a view is what inspect/1 makes of it, and a name that was none stays so" do
    for {view, name} <- [{nil, "nil"}, {"My.View", ~s("My.View")}, {:view, ":view"}] do
      assert %{"view" => ^name} = json(recording("a", view: view))
    end
  end

  test "what JSON cannot hold is an error" do
    for value <- [self(), make_ref(), <<0xFF>>, &String.length/1] do
      recording = recording("a", events: [{0, :assigns, %{delta: %{value: value}}}])
      assert {:error, _reason} = Serializer.encode(recording, :json)
    end

    improper = recording("a", events: [{0, :assigns, %{delta: %{value: [1 | 2]}}}])
    assert_raise FunctionClauseError, fn -> Serializer.encode(improper, :json) end

    assert {:error, _reason} = Serializer.encode(recording("a", session: %{a: {1, 2}}), :json)
  end

  test "the way through JSON keeps all but the kinds of keys and values in payloads" do
    recording = recording("a", session: %{"locale" => "en"})
    {:ok, iodata} = Serializer.encode(recording, :json)
    {:ok, decoded} = iodata |> IO.iodata_to_binary() |> Serializer.decode(:json)

    assert decoded == %{
             recording
             | events: [
                 {0, :mount, %{"assigns" => %{"count" => 0}}},
                 {12, :event, %{"name" => "click", "params" => %{"id" => "1"}}}
               ]
           }
  end

  test "a view in JSON that is no atom stays a string, an unknown type raises" do
    {:ok, recording} = Serializer.decode(~s({"view":"No.Such.View.Anywhere"}), :json)
    assert recording == %Recording{view: "No.Such.View.Anywhere", params: %{}, session: %{}}
    assert_raise ArgumentError, fn -> String.to_existing_atom("Elixir.No.Such.View.Anywhere") end

    text = ~s({"view":"A","events":[{"offset":0,"type":"no such type","payload":{}}]})
    assert_raise ArgumentError, fn -> Serializer.decode(text, :json) end
    assert_raise ArgumentError, fn -> String.to_existing_atom("no such type") end
  end

  test "ETF with an unknown atom is damaged, and the atom stays unknown" do
    {:ok, data} = Serializer.encode(recording("a", url: :a_known_atom), :etf)
    unknown = "nev_er_known"
    damaged = String.replace(data, "a_known_atom", unknown)
    assert byte_size(damaged) == byte_size(data)
    assert {:error, %ArgumentError{}} = Serializer.decode(damaged, :etf)
    assert_raise ArgumentError, fn -> String.to_existing_atom(unknown) end
  end

  test "what is not of the format is an error" do
    for data <- ["", "x", <<131>>], do: assert({:error, _} = Serializer.decode(data, :etf))
    for text <- ["", "{", "{1}"], do: assert({:error, _} = Serializer.decode(text, :json))
  end

  test "what is no recording raises" do
    for term <- [[1, 2], %{id: "a"}] do
      data = :erlang.term_to_binary(term)
      assert catch_error(Serializer.decode(data, :etf))
    end

    for text <- ["[]", "{}", ~s({"view":null}), ~s({"view":"A","events":[1]})] do
      assert catch_error(Serializer.decode(text, :json))
    end
  end
end
