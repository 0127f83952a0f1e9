defmodule PhoenixReplay.FixturesTest do
  use PhoenixReplay.Case, async: true

  alias PhoenixReplay.{Fixtures, JSON}
  alias PhoenixReplay.Storage.{File, Serializer}

  setup_all do
    Fixtures.define_atoms()
  end

  for {name, format} <- [{"etf", :etf}, {"json", :json}, {"legacy", :etf}, {"legacy", :json}] do
    test "#{name}/, with #{format} configured, yields the summaries of the manifest" do
      opts = [path: Fixtures.directory(unquote(name)), format: unquote(format)]
      # A directory shows what it has of the configured format alone.
      expected =
        for %{"file" => file} = e <- Fixtures.manifest(unquote(name)),
            format(file) == unquote(format),
            do: e

      assert expected != []

      summaries = File.list_summaries(opts)
      assert length(summaries) == length(expected)
      assert summaries == Enum.sort_by(summaries, & &1.connected_at, :desc)

      for entry <- expected do
        assert Enum.find(summaries, &(&1.id == entry["id"])) == %{
                 id: entry["id"],
                 view: LabAppWeb.TaskLive,
                 url: entry["url"],
                 connected_at: entry["connected_at"],
                 event_count: entry["event_count"],
                 duration_ms: entry["duration_ms"],
                 active?: false
               }

        {:ok, recording} = File.get(entry["id"], opts)
        types = Enum.frequencies_by(recording.events, fn {_, type, _} -> Atom.to_string(type) end)
        assert types == entry["event_types"]
      end
    end
  end

  test "JSON that is read and written again is the same text" do
    for path <- Path.wildcard(Fixtures.directory("{json,legacy}") <> "/*.{json,json.gz}") do
      text = path |> Elixir.File.read!() |> Fixtures.gunzip()
      {:ok, recording} = Serializer.decode(text, :json)
      {:ok, again} = Serializer.encode(recording, :json)
      # The order of keys in a map is the runtime's business.
      assert JSON.decode(IO.iodata_to_binary(again)) == JSON.decode(text)
    end
  end

  test "ETF that is read and written again is the same term" do
    for path <- Path.wildcard(Fixtures.directory("{etf,legacy}") <> "/*.{etf,etf.gz}") do
      data = path |> Elixir.File.read!() |> Fixtures.gunzip()
      {:ok, recording} = Serializer.decode(data, :etf)
      {:ok, again} = Serializer.encode(recording, :etf)
      assert :erlang.binary_to_term(again) == :erlang.binary_to_term(data)
    end
  end

  test "a recording told in both formats is told the same" do
    [etf | _] = Fixtures.manifest("etf")
    {:ok, recording} = File.get(etf["id"], path: Fixtures.directory("etf"))
    {:ok, json} = Serializer.encode(recording, :json)
    {:ok, decoded} = json |> IO.iodata_to_binary() |> Serializer.decode(:json)

    assert %{decoded | events: []} == %{recording | events: []}

    {0, :mount, %{"assigns" => %{"current_user" => user}}} = hd(decoded.events)
    assert user["role"] == "admin"
    assert %{"__struct__" => "DateTime", "microsecond" => [0, 0]} = user["confirmed_at"]
  end

  defp format(file), do: if(file =~ ".json", do: :json, else: :etf)
end
