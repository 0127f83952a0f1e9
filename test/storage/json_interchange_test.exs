defmodule PhoenixReplay.Storage.JSONInterchangeTest do
  @moduledoc false
  # JSON that is out of the ordinary: what one backend writes the other reads,
  # and both the same.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Storage.{File, Native}

  setup do
    [ours, theirs] = for _ <- 1..2, do: [path: tmp_dir(), format: :json]
    :ok = File.init(theirs)
    %{ours: ours, theirs: theirs}
  end

  defp info(payload), do: recording() |> Map.put(:events, [{1, :info, payload}])

  defp deep(levels), do: Enum.reduce(1..levels, 1, fn _, inner -> [inner] end)

  test "what the other backend writes is listed and read", %{theirs: theirs} do
    for recording <- [
          info(%{deep: deep(990)}),
          info(%{deep: deep(1_500)}),
          info(%{deep: deep(100_000)}),
          %{info(%{}) | connected_at: Bitwise.bsl(1, 70)},
          %{info(%{}) | connected_at: -Bitwise.bsl(1, 70)},
          %{recording() | events: [{0, :mount, %{}}, {1.5, :info, %{}}]},
          %{recording() | events: [{Bitwise.bsl(1, 70), :info, %{}}]}
        ] do
      :ok = File.save(recording, theirs)
      assert {:ok, read} = File.get(recording.id, theirs)
      assert Native.get(recording.id, theirs) == {:ok, read}
      assert [summary] = Native.list_summaries(theirs)
      assert summary.id == recording.id

      # The index has 64 bits for a time and none for a fraction.
      clamp = &(&1 |> trunc() |> max(-Bitwise.bsl(1, 63)) |> min(Bitwise.bsl(1, 63) - 1))
      assert summary.connected_at == clamp.(recording.connected_at)
      assert summary.duration_ms == recording.events |> List.last() |> elem(0) |> clamp.()

      assert {:ok, %{damaged: []}} = PhoenixReplay.Native.verify([], theirs)
      :ok = Native.delete(recording.id, theirs)
    end
  end

  # The longest that the other backend reads, and one more.
  @longest Integer.pow(10, 1024) - 1
  @too_long Integer.pow(10, 1024)

  test "an integer that takes digits is the same integer", %{ours: ours} do
    integers = for bytes <- [8, 9, 100, 400], do: Bitwise.bsl(1, 8 * bytes) - bytes
    integers = [@longest, -div(@longest, 10) | integers]
    :ok = Native.save(info(%{n: integers}) |> Map.put(:id, "n"), ours)
    assert {:ok, read} = File.get("n", ours)
    assert [{1, :info, %{"n" => ^integers}}] = read.events
    assert Native.get("n", ours) == {:ok, read}
  end

  test "one that the other backend could not read is its digits, as text", %{ours: ours} do
    integers = [@too_long, -@longest, Bitwise.bsl(1, 8 * 16_000)]
    :ok = Native.save(info(%{n: integers}) |> Map.put(:id, "n"), ours)
    assert {:ok, read} = File.get("n", ours)
    assert [{1, :info, %{"n" => texts}}] = read.events
    assert texts == Enum.map(integers, &Integer.to_string/1)
    assert Native.get("n", ours) == {:ok, read}
  end

  test "what the other backend writes, and can't read again, is read", %{theirs: theirs} do
    integers = [@too_long, Bitwise.bsl(1, 140_000), -Bitwise.bsl(3, 1_000_000)]
    :ok = File.save(info(%{n: integers}) |> Map.put(:id, "n"), theirs)
    assert File.get("n", theirs) == :error
    assert {:ok, %{events: [{1, :info, %{"n" => ^integers}}]}} = Native.get("n", theirs)
    assert [%{id: "n"}] = Native.list_summaries(theirs)
  end

  # What is not ISO 8601 there fails to be saved by the other backend, but for
  # these four kinds of struct.
  test "dates and times in params and session are written in ISO 8601", context do
    %{ours: ours, theirs: theirs} = context

    zoned = %{
      ~U[2026-01-02 03:04:05.670Z]
      | utc_offset: 3600,
        std_offset: 3600,
        time_zone: "Europe/Berlin",
        zone_abbr: "CEST"
    }

    dates = %{
      "date" => ~D[2026-01-02],
      "before" => ~D[-0044-03-15],
      "time" => ~T[10:00:00],
      "precise" => ~T[23:59:59.000123],
      "naive" => ~N[2026-01-02 03:04:05.1],
      "utc" => ~U[2026-01-02 03:04:05Z],
      "zoned" => zoned,
      "west" => %{zoned | utc_offset: -12_600, std_offset: 0},
      "no_zone" => %{zoned | utc_offset: 0, std_offset: 0},
      :atom => [~D[2026-01-02], %{deep: [~T[01:02:03]]}]
    }

    # Alike in shape and depth, but a payload is written otherwise.
    payload = %{deep: %{deep: %{"date" => ~D[2026-01-02]}}}
    events = [{1, :info, payload}, {2, :info, payload}]
    recording = %{recording() | params: dates, session: %{deep: %{deep: dates}}, events: events}
    :ok = Native.save(recording, ours)
    :ok = File.save(recording, theirs)
    assert {:ok, expected} = File.get(recording.id, theirs)
    assert expected.params["zoned"] == "2026-01-02T03:04:05.670+02:00"
    assert File.get(recording.id, ours) == {:ok, expected}
    assert Native.get(recording.id, ours) == {:ok, expected}
  end

  test "what only looks like a date is an object", %{ours: ours} do
    for odd <- [
          %{~D[2026-01-02] | month: 13},
          %{~D[2026-01-02] | calendar: Enum},
          %{~T[01:02:03] | microsecond: {1, 7}},
          Map.put(~D[2026-01-02], :more, 1),
          Map.delete(~U[2026-01-02 03:04:05Z], :time_zone)
        ] do
      recording = %{recording() | session: %{"odd" => odd}}
      :ok = Native.save(recording, ours)
      name = inspect(odd.__struct__)

      assert {:ok, %{session: %{"odd" => %{"__struct__" => ^name}}}} =
               File.get(recording.id, ours)
    end
  end

  test "a recording without a view is written as there, and both ways are read", context do
    %{ours: ours, theirs: theirs} = context
    recording = %{recording() | view: nil}
    :ok = Native.save(recording, ours)
    :ok = File.save(recording, theirs)

    for opts <- [ours, theirs] do
      # That is what it has for it.
      assert {:ok, %{view: "nil"}} = File.get(recording.id, opts)
      assert {:ok, %{view: nil}} = Native.get(recording.id, opts)
      assert [%{view: nil}] = Native.list_summaries(opts)
      assert {:ok, %{total: 1}} = PhoenixReplay.Native.query([view: nil], [], opts)
    end

    # As earlier versions of this library wrote it.
    [file] = Path.wildcard(Path.join(ours[:path], "*.json.gz"))
    text = :zlib.gunzip(Elixir.File.read!(file))
    assert text =~ ~s("view":"nil")
    null = String.replace(text, ~s("view":"nil"), ~s("view":null))
    Elixir.File.write!(file, :zlib.gzip(null))
    assert {:ok, %{view: nil}} = Native.get(recording.id, ours)
    assert [%{view: nil}] = Native.list_summaries(ours)
  end

  defp keys_as_there(keys, %{ours: ours, theirs: theirs}) do
    for key <- keys do
      recording = %{
        recording()
        | id: "k",
          session: %{key => 1},
          events: [{1, :info, %{key => 1}}]
      }

      :ok = File.save(recording, theirs)
      {:ok, expected} = File.get("k", theirs)
      :ok = Native.save(recording, ours)
      assert {key, File.get("k", ours)} == {key, {:ok, expected}}
      assert Native.get("k", ours) == {:ok, expected}
    end
  end

  test "keys that are dates, times, URIs and charlists are written as there", context do
    zoned = %{~U[2026-01-02 03:04:05.670Z] | utc_offset: 3600, std_offset: 3600}
    zoned = %{zoned | time_zone: "Europe/Berlin", zone_abbr: "CEST"}

    keys_as_there(
      [
        ~D[2026-01-02],
        ~D[-0044-03-15],
        ~T[10:00:00],
        ~T[23:59:59.000123],
        ~N[2026-01-02 03:04:05.1],
        ~U[2026-01-02 03:04:05Z],
        zoned,
        %{zoned | utc_offset: -12_600, std_offset: 0},
        %{zoned | utc_offset: 0, std_offset: 0},
        %{zoned | time_zone: "Etc/UTC"},
        [],
        ~c"charlist",
        ~c"größe 日",
        [?a, "b", [?c, [] | "d"]],
        ["größe"],
        7,
        -7,
        Bitwise.bsl(1, 100)
      ],
      context
    )

    keys_as_there(
      for text <- [
            "https://shop.test/cart?x=1#top",
            "https://shop.test:443",
            "http://shop.test:8080/",
            "http://ada:secret@[::1]:80/a",
            "wss://shop.test:443/live",
            "HTTP://Shop.test",
            "ldap://shop.test:389",
            "other://shop.test:1",
            "mailto:ada@shop.test",
            "//shop.test/a",
            "/a/b?",
            "a/b",
            "?q",
            "#f",
            ""
          ] do
        URI.parse(text)
      end,
      context
    )
  end

  test "keys that are floats are written as there", context do
    some = [0.0, -0.0, 1.0, 0.1, -1.5, 1.0e3, 1.0e5, 123_456.0, 1.0e15, 1.0e16, 1.0e22, 9.0e15]
    more = [9_007_199_254_740_992.0, 9_007_199_254_740_991.0, 1.0e-3, 1.0e-5, 1.2e-7, 5.0e-324]
    # The last is as near to one that ends with 3.
    most = [1.7976931348623157e308, 100.0, 0.001234, 1234.5678, 12_000.0, 1_660_481_087_699_926.2]

    random = for _ <- 1..300, <<float::float>> <- [:crypto.strong_rand_bytes(8)], do: float

    usual = for _ <- 1..300, do: Float.round(:rand.uniform() * 10 ** :rand.uniform(18), 3)
    keys_as_there(some ++ more ++ most ++ random ++ usual, context)
  end

  # There it can't be saved.
  test "a key that is none of these is the text that code has for it", %{ours: ours} do
    for {key, text} <- [
          {[1, :a], "[1, :a]"},
          {[0xD800], "[55296]"},
          {[<<255>>], "[<<255>>]"},
          {{1, 2}, "{1, 2}"},
          {%{~D[2026-01-02] | month: 13}, nil},
          {%URI{host: "shop.test", path: "a"}, nil}
        ] do
      recording = %{recording() | id: "k", session: %{}, events: [{1, :info, %{key => 1}}]}
      :ok = Native.save(recording, ours)
      assert {:ok, %{events: [{1, :info, payload}]}} = File.get("k", ours)
      assert [{written, 1}] = Map.to_list(payload)
      if text, do: assert(written == text), else: assert(written =~ "__struct__: ")
    end
  end
end
