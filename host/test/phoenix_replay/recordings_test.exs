defmodule PhoenixReplay.RecordingsTest do
  use PhoenixReplay.Case

  alias PhoenixReplay.{Recordings, Store}

  test "a recording is exactly its seven fields" do
    fields = [:id, :view, :url, :params, :session, :connected_at, :events]
    assert Enum.sort(Map.keys(Map.from_struct(%Recording{}))) == Enum.sort(fields)
    assert %Recording{}.events == []
  end

  test "offsets and duration come from the events" do
    recording = recording("a", events: [mount(0), click(5), click(40)])

    assert Recordings.event_offsets(recording) ==
             [%{ms: 0, index: 0}, %{ms: 5, index: 1}, %{ms: 40, index: 2}]

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

  test "the assigns after an event are those of the mount and what changed since" do
    recording =
      recording("a",
        events: [
          {0, :mount, %{assigns: %{count: 0, name: "Ada"}}},
          click(1),
          {1, :assigns, %{delta: %{count: 1}}},
          {2, :assigns, %{snapshot: %{count: 5}}}
        ]
      )

    after_each = for index <- 0..4, do: Recording.accumulated_assigns(recording, index)

    assert after_each == [
             %{count: 0, name: "Ada"},
             %{count: 0, name: "Ada"},
             %{count: 1, name: "Ada"},
             %{count: 5},
             %{count: 5}
           ]
  end

  test "a recording is fetched from wherever it is, what is stored first" do
    stored = recording("stored")
    StubStorage.use_in_test(get: [:error, {:ok, stored}, :error, :error])
    live = start_live(recording("in flight", events: []))
    append(live, "in flight", click(3))

    assert {:ok, %{events: [{3, :event, _}]}} = Recordings.fetch("in flight")
    assert Recordings.fetch("stored") == {:ok, stored}
    assert Recordings.fetch("nowhere") == :error
    assert_raise RuntimeError, fn -> Recordings.fetch!("nowhere") end
    assert Store.get_active("nowhere") == :error
  end
end
