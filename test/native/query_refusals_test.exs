defmodule PhoenixReplay.Native.QueryRefusalsTest do
  # What can't be asked of the recordings, and what the answer says.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Error
  alias PhoenixReplay.Storage.Native, as: Storage

  setup do
    configured()
  end

  test "what can't be asked is an error that says why", %{opts: opts} do
    :ok = Storage.save(recording(), opts)
    :ok = Storage.save(recording(), opts)

    for {filters, words} <- [
          {[view: 1], "the filter :view must be a module, its name, or a list of them"},
          {[view: ["A", 1]], "the filter :view must be a module"},
          {[view: <<255>>], "the filter :view must be a module"},
          {[view: ["A" | "B"]], "the filter :view must be a module"},
          {[url: nil], "the filter :url must be a binary"},
          {[id: :a], "the filter :id must be a binary"},
          {[from: "today"], "the filter :from must be a DateTime or Unix milliseconds"},
          {[to: 2 ** 63], "the filter :to must be a DateTime or Unix milliseconds"},
          {[from: %{~U[2026-01-01 00:00:00Z] | year: -1}], "the filter :from must be a DateTime"},
          {[min_events: -1], "the filter :min_events must be a non-negative integer"},
          {[max_duration_ms: 1.5], "the filter :max_duration_ms must be a non-negative integer"},
          {[event: :save], "the filter :event must be the name of an event, or a list of them"},
          {[active: nil], "the filter :active must be true or false"},
          {[veiw: A], "unknown filters [:veiw], known are [:view, :url"},
          {%{view: A}, "the filter :filters must be a keyword list"}
        ] do
      assert {:error, reason} = Native.query(filters, [], opts)
      assert Native.facets(filters, [], opts) == {:error, reason}
      assert Native.delete_where(filters, [], opts) == {:error, reason}
      assert Error.format(reason) =~ words
    end

    assert {:error, {:unknown_options, [:pth], _}} = Native.query([], [], pth: "x")
    assert {:error, {:unknown_options, [:pth], _}} = Native.facets([], [], pth: "x")
    assert [_, _] = Storage.list_summaries(opts)
  end

  test "what no page can be is an error that says why", %{opts: opts} do
    for {page, words} <- [
          {[sort: :random], "the page's :sort must be one of [:newest, :oldest"},
          {[limit: 0], "the page's :limit must be an integer from 1 to 1000"},
          {[limit: 1001], "the page's :limit must be an integer from 1 to 1000"},
          {[limit: nil], "the page's :limit must be an integer from 1 to 1000"},
          {[limit: 1, limit: 2], "the page's :limit must be given once"},
          {[view: A],
           "unknown keys of the page [:view], known are [:sort, :limit, :cursor, :progress]"},
          # The storage options where they once were.
          {opts, "unknown keys of the page [:path"},
          {%{limit: 1}, "the page's :page must be a keyword list"}
        ] do
      assert {:error, reason} = Native.query([], page, opts)
      assert Error.format(reason) =~ words
    end
  end

  test "what is of the page is no filter, and the error says where it belongs", %{opts: opts} do
    assert Native.query([id: "a", sort: :oldest, limit: 1], [], opts) ==
             {:error, {:page_keys_among_filters, [:sort, :limit]}}

    assert Native.query([veiw: A, cursor: nil], [], opts) ==
             {:error, {:page_keys_among_filters, [:cursor]}}

    assert Error.format({:page_keys_among_filters, [:sort, :limit]}) =~
             "of the page, the second argument of query/3: :sort, :limit"

    # These have no page.
    assert {:error, {:unknown_filters, [:limit], _}} = Native.facets([limit: 1], [], opts)

    assert {:error, {:unknown_filters, [:sort], _}} =
             Native.delete_where([sort: :newest], [], opts)
  end

  test "a filter that is given twice is refused, as one of them would not count", %{opts: opts} do
    for shop <- ["shop-a", "shop-b"],
        do: :ok = Storage.save(recording(url: "https://#{shop}/?user_id=1"), opts)

    for filters <- [
          [url: "user_id=1", url: "shop-a"],
          [url: "user_id=1", id: "", url: "user_id=1"]
        ] do
      refused = {:error, {:invalid_filter, :url, "given once"}}
      assert Native.query(filters, [], opts) == refused
      assert Native.facets(filters, [], opts) == refused
      assert Native.delete_where(filters, [], opts) == refused

      log = capture_log(fn -> assert Storage.list_summaries(filters ++ opts) == [] end)
      assert log =~ "the filter :url must be given once"
    end

    assert [_, _] = Storage.list_summaries(opts)
  end

  test "a cursor that is damaged, made up or of another order is refused", %{opts: opts} do
    for _ <- 1..2, do: :ok = Storage.save(recording(), opts)
    {:ok, %{cursor: cursor}} = Native.query([], [limit: 1], opts)
    assert cursor =~ ~r/\A[A-Za-z0-9_-]+\z/
    assert {:ok, _} = Native.query([], [cursor: cursor], opts)

    damaged = for n <- 0..(byte_size(cursor) - 1), do: binary_part(cursor, 0, n)
    random = for n <- 1..50, do: Base.url_encode64(:rand.bytes(n), padding: false)

    for bad <- damaged ++ random ++ [cursor <> "A", "not base64!", <<255>>, 1, %{}] do
      assert Native.query([], [cursor: bad], opts) == {:error, :invalid_cursor}
    end

    assert Native.query([], [cursor: cursor, sort: :oldest], opts) == {:error, :invalid_cursor}
    assert Error.format(:invalid_cursor) =~ "cursor"
  end

  test "a listing with filters that can't be is empty and says why in the log", %{opts: opts} do
    :ok = Storage.save(recording(), opts)

    for {bad, words} <- [
          {[view: 1], "the filter :view must be"},
          {[limit: 0], "the page's :limit must be"},
          {[sort: :newest, sort: :oldest], "the page's :sort must be given once"},
          {[cursor: "x"], "unknown storage options [:cursor]"}
        ] do
      assert capture_log(fn -> assert Storage.list_summaries(bad ++ opts) == [] end) =~ words
    end
  end
end
