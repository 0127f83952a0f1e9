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

  test "JSON keys that are neither text nor numbers are inspected" do
    assert payload_in_json(%{1 => 1, {:a, 1} => 2}) == %{"1" => 1, "{:a, 1}" => 2}
  end

  test "what JSON cannot hold is an error" do
    for value <- [self(), make_ref(), <<0xFF>>, [1 | 2], &String.length/1] do
      recording = recording("a", events: [{0, :assigns, %{delta: %{value: value}}}])
      assert {:error, _reason} = Serializer.encode(recording, :json)
    end

    assert {:error, _reason} = Serializer.encode(recording("a", session: %{a: {1, 2}}), :json)
  end

  test "the way through JSON keeps all but the kinds of keys and values in payloads" do
    recording = recording("a", session: %{"locale" => "en"})
    {:ok, iodata} = Serializer.encode(recording, :json)
    {:ok, decoded} = iodata |> IO.iodata_to_binary() |> :zlib.gzip() |> Serializer.decode(:json)

    assert decoded == %{
             recording
             | events: [
                 {0, :mount, %{"assigns" => %{"count" => 0}}},
                 {12, :event, %{"name" => "click", "params" => %{"id" => "1"}}}
               ]
           }
  end

  test "names in JSON that are no atoms stay strings" do
    text =
      ~s({"id":"a","view":"No.Such.View.Anywhere","connected_at":1,) <>
        ~s("events":[{"offset":0,"type":"no such type","payload":{}}]})

    {:ok, recording} = Serializer.decode(text, :json)
    assert recording.view == "No.Such.View.Anywhere"
    assert [{0, "no such type", %{}}] = recording.events
    assert recording.params == %{}
    assert_raise ArgumentError, fn -> String.to_existing_atom("no such type") end
  end

  test "ETF with an unknown atom is damaged, and the atom stays unknown" do
    {:ok, data} = Serializer.encode(recording("a", url: :a_known_atom), :etf)
    unknown = "nev_er_known"
    damaged = String.replace(data, "a_known_atom", unknown)
    assert byte_size(damaged) == byte_size(data)
    assert Serializer.decode(damaged, :etf) == :error
    assert_raise ArgumentError, fn -> String.to_existing_atom(unknown) end
  end

  test "what is no recording is damaged" do
    for data <- ["", "x", <<131>>, <<0x1F, 0x8B, 0>>, :erlang.term_to_binary(%{id: "a"})] do
      assert Serializer.decode(data, :etf) == :error
    end

    for text <- ["", "{", "[]", "{}", ~s({"id":"a","connected_at":1,"events":[1]})] do
      assert Serializer.decode(text, :json) == :error
    end
  end

  test "a file cut off anywhere is damaged" do
    for format <- [:etf, :json] do
      {:ok, data} = Serializer.encode(recording("a"), format)
      file = :zlib.gzip(data)

      for size <- 0..(byte_size(file) - 1) do
        assert Serializer.decode(binary_part(file, 0, size), format) == :error
      end
    end
  end
end
