defmodule PhoenixReplay.Native.DeleteWhereTest do
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native

  setup do
    configured()
  end

  test "what matches is gone from every file, and the rest is there", %{opts: opts} do
    erased = for n <- 1..3, do: recording(url: "http://localhost/?user=4711&n=#{n}")
    kept = recording(url: "http://localhost/?user=12")
    for recording <- [kept | erased], do: :ok = Native.save(recording, opts)
    pid = hd(Session.start_many("user=4711", 1, 50))
    assert files_with(opts, "user=4711") != []

    assert {:ok, %{count: 4, ids: ids, not_searched: []}} =
             PhoenixReplay.Native.delete_where([url: "user=4711"], [], opts)

    assert Enum.sort(ids) == Enum.sort(["user=4711-1" | Enum.map(erased, & &1.id)])
    assert [%{id: id}] = Native.list_summaries(opts)
    assert id == kept.id
    for needle <- ["user=4711" | ids], do: assert(files_with(opts, needle) == [])

    Session.stop(pid)
    drained(opts)
    assert [_kept] = Native.list(opts)

    assert {:ok, %{count: 0, ids: []}} =
             PhoenixReplay.Native.delete_where([url: "4711"], [], opts)

    assert {:ok, %{erased: 4}} = PhoenixReplay.Native.stats(opts)
  end

  test "filters that say nothing, or are none, are refused", %{opts: opts} do
    :ok = Native.save(recording(), opts)

    for filters <- [
          [],
          [id: ""],
          [url: "", id: ""],
          [min_events: 0],
          [min_duration_ms: 0],
          [from: 0],
          [from: ~U[1970-01-01 00:00:00Z], min_events: 0, url: ""],
          [max_events: 0xFFFF_FFFF],
          [to: 0x7FFF_FFFF_FFFF_FFFF, max_duration_ms: 0x7FFF_FFFF_FFFF_FFFF]
        ] do
      assert PhoenixReplay.Native.delete_where(filters, [], opts) == {:error, :no_filters}
    end

    # These do say something: that nothing matches.
    for filters <- [[event: []], [view: []], [view: [], min_events: 0]] do
      assert PhoenixReplay.Native.delete_where(filters, [], opts) ==
               {:ok, %{count: 0, ids: [], not_searched: []}}
    end

    assert {:error, {:unknown_filters, [:limit], _}} =
             PhoenixReplay.Native.delete_where([id: "a", limit: 1], [], opts)

    assert {:error, {:invalid_filter, :from, _}} =
             PhoenixReplay.Native.delete_where([from: "today"], [], opts)

    assert [_] = Native.list_summaries(opts)
  end
end
