defmodule PhoenixReplay.RecordingsTest do
  use PhoenixReplay.Case

  alias PhoenixReplay.{Recordings, Store}

  test "a recording is exactly its seven fields" do
    fields = [:id, :view, :url, :params, :session, :connected_at, :events]
    assert Enum.sort(Map.keys(Map.from_struct(%Recording{}))) == Enum.sort(fields)
  end

  test "offsets and duration come from the events" do
    recording = recording("a", events: [mount(0), click(5), click(40)])
    assert Recordings.event_offsets(recording) == [0, 5, 40]
    assert Recordings.total_duration(recording) == 40
    assert Recordings.total_duration(recording("a", events: [])) == 0
  end

  test "a user shows by an event or a second navigation" do
    refute Recordings.user_events?(recording("a", events: []))
    refute Recordings.user_events?(recording("a", events: [mount(0), navigation(0)]))
    refute Recordings.user_events?(recording("a", events: [{0, :info, %{}}]))
    assert Recordings.user_events?(recording("a", events: [mount(0), click(1)]))

    assert Recordings.user_events?(
             recording("a", events: [navigation(0), mount(0), navigation(1)])
           )
  end

  test "what is in flight is listed before what is stored" do
    stored = recording("stored", connected_at: 9)
    StubStorage.use_in_test(list: [[stored]])
    start_live(recording("in flight", connected_at: 1))

    assert [%{id: "in flight", active?: true}, %{id: "stored", active?: false}] =
             Recordings.list_summaries()
  end

  test "a recording is fetched from wherever it is" do
    stored = recording("stored")
    StubStorage.use_in_test(get: [{:ok, stored}, :error])
    live = start_live(recording("in flight", events: []))
    append(live, "in flight", click(3))

    assert {:ok, %{events: [{3, :event, _}]}} = Recordings.fetch("in flight")
    assert Recordings.fetch("stored") == {:ok, stored}
    assert Recordings.fetch("nowhere") == :error
    assert Store.get_active("nowhere") == :error
  end
end
