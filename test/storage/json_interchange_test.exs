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
end
