defmodule PhoenixReplay.Native.PagesTest do
  # Recordings of the shape that recorders give them: the URL is scheme, host and
  # port, the pages are in the events.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Storage.Native, as: Storage

  @shop "https://shop.test"

  setup do
    configured()
  end

  # Later ones are given first.
  defp session(id, paths, at \\ 0) do
    visits =
      for {path, n} <- Enum.with_index(paths, 1) do
        url = if String.starts_with?(path, "/"), do: @shop <> path, else: path
        {n, :handle_params, %{params: URI.decode_query(URI.parse(url).query || ""), url: url}}
      end

    click = {100, :event, %{name: "click", params: %{}}}
    recording = recording(id: id, url: @shop, connected_at: 1_795_000_000_000 - at)
    %{recording | events: [{0, :mount, %{assigns: %{}}} | visits] ++ [click]}
  end

  defp save(opts) do
    many = for n <- 1..100, do: "/list?page=#{n}"

    for {session, at} <-
          Enum.with_index([
            {"a", ["/", "/orders?page=2", "/orders/7?tab=items", "/orders"]},
            {"b", ["/orders/71", "https://pay.test/card"]},
            {"c", many ++ ["/orders/7"]}
          ]),
        {id, paths} = session,
        do: :ok = Storage.save(session(id, paths, at), opts)
  end

  defp found(filters, opts) do
    {:ok, %{recordings: recordings, total: total}} = Native.query(filters, [], opts)
    ids = Enum.map(recordings, & &1.id)
    assert length(ids) == total
    assert {:ok, %{days: days}} = Native.facets(filters, [], opts)
    assert Enum.sum(Enum.map(days, &elem(&1, 1))) == total
    ids
  end

  @questions [
    {[url: "orders"], ["a", "b", "c"]},
    {[url: "shop.test/orders?"], ["a"]},
    {[url: "https://shop.test/orders/7"], ["a", "b", "c"]},
    {[url: "pay.test"], ["b"]},
    {[url: "page=100"], ["c"]},
    {[path: "/orders/7"], ["a", "c"]},
    {[path: "/orders/7?tab=items"], ["a"]},
    {[path: "/card"], ["b"]},
    {[path: "/"], ["a"]},
    {[path: {:prefix, "/orders/"}], ["a", "b", "c"]},
    {[path: {:prefix, "/orders?"}], ["a"]},
    {[path: {:prefix, "/list?page=99"}], ["c"]},
    {[path: "/orders/7", url: "page=2"], ["a", "c"]},
    {[path: "/orders/7", event: "other"], []},
    {[path: "orders"], []}
  ]

  for format <- [:etf, :json] do
    test "pages are found by URL and by path, saved as #{format}", %{opts: opts} do
      opts = [format: unquote(format)] ++ opts
      save(opts)

      for {filters, expected} <- @questions,
          do: assert({filters, found(filters, opts)} == {filters, expected})

      assert Enum.map(Storage.list_summaries([url: "page=100"] ++ opts), & &1.id) == ["c"]
    end
  end

  test "sessions in flight are found alike", %{opts: opts} do
    paths = for(n <- 1..100, do: "/list?page=#{n}") ++ ["/orders/7"]
    [mount | events] = session("c", paths).events
    :ok = Store.start_recording("c", %{session("c", []) | events: [mount]})
    for event <- events, do: :ok = Store.append_event("c", event)

    for {filters, expected} <- @questions do
      assert {filters, found(filters, opts)} == {filters, Enum.filter(expected, &(&1 == "c"))}
    end

    assert {:ok, %{recordings: [%{id: "c", active?: true, paths: paths, paths_cut?: true}]}} =
             Native.query([], [paths: true], opts)

    assert length(paths) == 64
    assert {:ok, %{count: 1}} = Native.delete_where([path: "/orders/7"], [], opts)
  end

  test "summaries have their paths where they are asked for", %{opts: opts} do
    save(opts)
    assert {:ok, %{recordings: plain}} = Native.query([], [], opts)
    assert plain == Storage.list_summaries(opts)
    assert {:ok, %{recordings: [a, b, c] = with_paths}} = Native.query([], [paths: true], opts)
    assert a.paths == ["/", "/orders?page=2", "/orders/7?tab=items", "/orders"]
    assert b.paths == ["/orders/71", "https://pay.test/card"]
    assert {length(c.paths), c.paths_cut?} == {64, true}
    refute is_map_key(a, :paths_cut?)
    assert Enum.map(with_paths, &Map.drop(&1, [:paths, :paths_cut?])) == plain
  end

  test "of what is searched for, only that is found which was on the page", %{opts: opts} do
    save(opts)
    [mount | events] = session("d", ["/orders/7"]).events
    :ok = Store.start_recording("d", %{session("d", []) | events: [mount]})
    for event <- events, do: :ok = Store.append_event("d", event)
    page = [paths: true]

    for {path, expected} <- [{"/orders/7", ["a", "c", "d"]}, {"/list", ["c"]}, {"/none", []}] do
      assert {:ok, found} = Native.query([contains: "click", path: path], page, opts)
      assert found.recordings |> Enum.map(& &1.id) |> Enum.sort() == expected
      assert Enum.all?(found.recordings, &(&1.paths != []))
      assert found.not_searched == []
      assert {:ok, %{paths: paths}} = Native.facets([contains: "click", path: path], [], opts)
      assert paths == [] == (expected == [])
    end

    assert {:ok, %{count: 3}} =
             Native.delete_where([contains: "click", path: "/orders/7"], [], opts)

    assert {:ok, %{total: 1}} = Native.query([], [], opts)
  end

  test "facets count recordings by path", %{opts: opts} do
    save(opts)
    assert {:ok, facets} = Native.facets([], [], opts)

    assert facets.paths ==
             for(path <- ~w(/ /card /list /orders /orders/7 /orders/71), do: {path, 1})

    :ok = Storage.save(session("d", ["/orders/71?a", "/orders/71?b"]), opts)
    assert {:ok, %{paths: [{"/orders/71", 2} | _]}} = Native.facets([], [], opts)
  end

  test "what was on a page is erased, and nothing else", %{opts: opts} do
    save(opts)
    assert Native.delete_where([path: {:prefix, "/"}], [], opts) == {:error, :no_filters}
    assert Native.delete_where([path: {:prefix, ""}, url: ""], [], opts) == {:error, :no_filters}
    assert {:ok, %{count: 2, ids: ids}} = Native.delete_where([path: "/orders/7"], [], opts)
    assert Enum.sort(ids) == ["a", "c"]
    assert [%{id: "b"}] = Storage.list_summaries(opts)
  end

  test "a path that is none is refused, and the directory is no filter", %{opts: opts} do
    for path <- [nil, :path, ~c"/", {:prefix, nil}, {:exact, "/"}, {:suffix, "/"}, ["/"]] do
      assert {:error, {:invalid_filter, :path, expected}} = Native.query([path: path], [], opts)
      assert expected == "a binary, or {:prefix, binary}"
    end

    assert {:error, {:invalid_page, :paths, "true or false"}} =
             Native.query([], [paths: :all], opts)

    assert {:error, {:page_keys_among_filters, [:paths]}} = Native.query([paths: true], [], opts)
    :ok = Storage.save(session("a", ["/a"]), opts)
    assert [%{id: "a"}] = Storage.list_summaries(opts)
  end

  test "real recordings have their pages", %{opts: opts} do
    for kind <- ["etf", "json", "legacy"], {path, _} <- fixtures(kind) do
      install_fixture(path, opts[:path])
    end

    {:ok, %{recordings: recordings}} = Native.query([], [paths: true, limit: 1000], opts)
    assert Enum.all?(recordings, &(&1.url == "http://localhost:4010"))
    on_root = for %{paths: paths, id: id} <- recordings, "/" in paths, do: id
    assert length(on_root) > 10
    assert Enum.sort(found([path: "/"], opts)) == Enum.sort(on_root)
    assert Enum.sort(found([url: "localhost:4010/"], opts)) == Enum.sort(on_root)
  end
end
