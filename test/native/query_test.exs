defmodule PhoenixReplay.Native.QueryTest do
  # Queries against filtering and sorting all recordings, which `list/1` and
  # the host's own store return.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  @sorts [:newest, :oldest, :longest, :most_events, :largest]
  @views [PhoenixReplay.Native.Test.FormLive, Some.Gone.Live, :plain, nil]
  @names ["validate", "save", "délete", <<255>>]
  @urls [nil, "", "http://a", "http://a/items/1", "http://a/items/12?tab=1", "https://b/"]
  @pages ["http://a/items/2", "http://a/items/2?tab=1", "https://b/", "http://a/"]
  @hour 3_600_000
  @start 1_795_000_000_000

  setup do
    configured()
  end

  # Few different values, so that there are ties.
  defp random_recording(overrides \\ []) do
    events =
      for n <- 1..Enum.random(1..6)//1 do
        case Enum.random([:event, :event, :handle_params, :info]) do
          :event -> {n * 10, :event, %{name: Enum.random(@names), params: %{}}}
          :handle_params -> {n * 10, :handle_params, %{params: %{}, url: Enum.random(@pages)}}
          :info -> {n * 10, :info, %{}}
        end
      end

    recording(
      [
        id: Enum.random(["a", "b", "ab", "../"]) <> id(),
        view: Enum.random(@views),
        url: Enum.random(@urls),
        connected_at: @start + Enum.random(-30..30) * @hour
      ] ++ overrides
    )
    |> Map.put(:events, [{0, :mount, %{assigns: %{}}} | events])
  end

  defp save_many(count, opts) do
    for _ <- 1..count, do: :ok = Storage.save(random_recording(), opts)
    :ok
  end

  # Runs a session for as long as the test lasts, unless it is stopped, and is
  # out of the way when the directory goes.
  defp in_flight(recording) do
    parent = self()
    {[mount], events} = Enum.split(recording.events, 1)

    pid =
      spawn(fn ->
        :ok = Store.start_recording(recording.id, %{recording | events: [mount]})
        for event <- events, do: :ok = Store.append_event(recording.id, event)
        send(parent, {self(), :recorded})
        receive do: (:stop -> :ok)
      end)

    on_exit(fn ->
      Session.stop(pid)
      saved(recording.id)
    end)

    receive do: ({^pid, :recorded} -> pid)
  end

  defp active?(id), do: match?({:ok, _}, Store.get_active(id))

  defp saved(id) do
    if active?(id) do
      Process.sleep(1)
      saved(id)
    end
  end

  defp all(opts), do: Storage.list(opts) ++ Store.list_active()

  # The filters once more, in Elixir, on whole recordings.
  defp naive?({:view, views}, it), do: it.view in wrap(views) or view_named?(views, it.view)
  defp naive?({:url, part}, it), do: Enum.any?([it.url | pages(it)], &(&1 != nil and &1 =~ part))
  defp naive?({:id, prefix}, it), do: String.starts_with?(it.id, prefix)
  defp naive?({:from, %DateTime{} = from}, it), do: DateTime.compare(time(it), from) != :lt
  defp naive?({:from, from}, it), do: it.connected_at >= from
  defp naive?({:to, %DateTime{} = to}, it), do: DateTime.compare(time(it), to) == :lt
  defp naive?({:to, to}, it), do: it.connected_at < to
  defp naive?({:min_events, min}, it), do: length(it.events) >= min
  defp naive?({:max_events, max}, it), do: length(it.events) <= max
  defp naive?({:min_duration_ms, min}, it), do: duration(it) >= min
  defp naive?({:max_duration_ms, max}, it), do: duration(it) <= max
  defp naive?({:event, names}, it), do: Enum.any?(List.wrap(names), &(&1 in names(it)))
  defp naive?({:active, active}, it), do: active?(it.id) == active
  defp naive?({flag, wanted}, _it) when flag in [:recovered, :truncated], do: not wanted

  defp view_named?(views, view) do
    is_atom(view) and view != nil and
      Enum.any?(List.wrap(views), &(is_binary(&1) and &1 in [inspect(view), to_string(view)]))
  end

  # `List.wrap/1` makes nothing of nil.
  defp wrap(value), do: if(is_list(value), do: value, else: [value])

  defp pages(it), do: for({_, :handle_params, %{url: url}} <- it.events, do: url)
  defp names(it), do: Enum.uniq(for {_, :event, %{name: name}} <- it.events, do: name)
  defp duration(it), do: it.events |> List.last() |> elem(0)
  defp time(it), do: DateTime.from_unix!(it.connected_at, :millisecond)

  defp found(filters, opts, sort \\ :newest) do
    {:ok, page} = Native.query(filters, [sort: sort, limit: 1000], opts)
    assert page.total == length(page.recordings)
    assert page.cursor == nil
    page.recordings
  end

  filters = [
    view: PhoenixReplay.Native.Test.FormLive,
    view: "Some.Gone.Live",
    view: "Elixir.Some.Gone.Live",
    view: :plain,
    view: ":plain",
    view: nil,
    view: [:plain, "PhoenixReplay.Native.Test.FormLive", nil],
    view: [],
    view: "Live",
    url: "items/1",
    url: "?tab=",
    url: "http://a/items/2?",
    url: "",
    url: "nowhere",
    id: "a",
    id: "../",
    id: "",
    id: "c",
    from: 1_795_000_000_000,
    from: ~U[2026-11-18 11:06:40Z],
    to: 1_795_000_000_000,
    to: ~U[2026-11-18 11:06:40.000001Z],
    from: 9_000_000_000_000,
    min_events: 3,
    max_events: 3,
    min_duration_ms: 30,
    max_duration_ms: 30,
    event: "validate",
    event: <<255>>,
    event: ["save", "délete"],
    event: [],
    event: "never",
    active: true,
    active: false,
    recovered: true,
    recovered: false,
    truncated: true,
    truncated: false
  ]

  for {{key, value} = filter, n} <- Enum.with_index(filters) do
    @filter filter
    test "#{n}: #{key}: #{inspect(value)} finds what doing it by hand finds", %{opts: opts} do
      save_many(30, opts)
      for _ <- 1..8, do: in_flight(random_recording())
      all = all(opts)

      # Sessions in which no user did anything are not listed.
      shown = MapSet.new(Storage.list_summaries(opts), & &1.id)
      expected = for it <- all, it.id in shown, naive?(@filter, it), do: it.id

      assert Enum.sort(Enum.map(found([@filter], opts), & &1.id)) == Enum.sort(expected)
      filtered = Storage.list_summaries([@filter | opts])
      assert filtered == found([@filter], opts)
      assert filtered == Enum.filter(Storage.list_summaries(opts), &(&1.id in expected))
    end
  end

  test "several filters have all to hold, whatever they are", %{opts: opts} do
    save_many(60, opts)
    for _ <- 1..10, do: in_flight(random_recording())
    shown = MapSet.new(Storage.list_summaries(opts), & &1.id)
    all = Enum.filter(all(opts), &(&1.id in shown))

    for _ <- 1..200 do
      filters =
        unquote(Macro.escape(filters)) |> Enum.take_random(3) |> Enum.uniq_by(&elem(&1, 0))

      expected = for it <- all, Enum.all?(filters, &naive?(&1, it)), do: it.id
      assert Enum.sort(Enum.map(found(filters, opts), & &1.id)) == Enum.sort(expected)
      facets_agree(filters, Enum.filter(all, &(&1.id in expected)), opts)
    end
  end

  defp facets_agree(filters, recordings, opts) do
    assert {:ok, facets} = Native.facets(filters, [], opts)
    assert Map.new(facets.views) == Enum.frequencies_by(recordings, & &1.view)

    paths =
      Enum.flat_map(recordings, fn it -> it |> pages() |> Enum.map(&path/1) |> Enum.uniq() end)

    assert Map.new(facets.paths) == Enum.frequencies(paths)
    assert Map.new(facets.events) == Enum.frequencies(Enum.flat_map(recordings, &names/1))
    days = Enum.frequencies_by(recordings, &DateTime.to_date(time(&1)))
    assert facets.days == Enum.sort(days, &(Date.compare(elem(&1, 0), elem(&2, 0)) != :lt))

    for counted <- [facets.views, facets.events, facets.paths] do
      counts = Enum.map(counted, &elem(&1, 1))
      assert counts == Enum.sort(counts, :desc)
    end
  end

  defp path(url), do: URI.parse(url).path

  test "each order is total, and is the same in pages", %{opts: opts} do
    save_many(40, opts)
    for _ <- 1..5, do: in_flight(random_recording())
    all = found([], opts)

    for sort <- @sorts, limit <- [1, 3, 7, 45, 1000] do
      pages = pages([sort: sort, limit: limit], opts)
      recordings = Enum.flat_map(pages, & &1.recordings)
      assert Enum.sort(recordings) == Enum.sort(all)
      assert Enum.all?(pages, &(&1.total == length(all)))
      if sort != :largest, do: assert(recordings == by_hand(all, sort))
      assert recordings == found([], opts, sort)
      listed = Storage.list_summaries([sort: sort, limit: limit] ++ opts)
      assert listed == Enum.take(recordings, limit)
    end
  end

  test "the largest is what takes most of the disk", %{opts: opts} do
    for n <- Enum.shuffle(1..5) do
      noise = Base.encode64(:crypto.strong_rand_bytes(n * 1000))
      :ok = Storage.save(random_recording(id: "#{n}", params: %{"noise" => noise}), opts)
    end

    assert Enum.map(found([], opts, :largest), & &1.id) == ~w(5 4 3 2 1)
  end

  defp by_hand(all, :newest), do: Enum.sort_by(all, &{-&1.connected_at, &1.id})
  defp by_hand(all, :oldest), do: Enum.reverse(by_hand(all, :newest))
  defp by_hand(all, :longest), do: Enum.sort_by(all, &{-&1.duration_ms, &1.id})
  defp by_hand(all, :most_events), do: Enum.sort_by(all, &{-&1.event_count, &1.id})

  defp pages(page, opts, between \\ fn -> :ok end) do
    {:ok, first} = Native.query([], page, opts)

    Stream.iterate(first, fn last ->
      between.()
      {:ok, next} = Native.query([], [cursor: last.cursor] ++ page, opts)
      next
    end)
    |> Enum.reduce_while([], fn page, pages ->
      {if(page.cursor, do: :cont, else: :halt), [page | pages]}
    end)
    |> Enum.reverse()
  end

  test "whatever comes and goes between pages, the others are on one each", %{opts: opts} do
    save_many(30, opts)
    staying = found([], opts)

    for sort <- @sorts, limit <- [1, 4] do
      fleeting = :ets.new(:fleeting, [])

      pages =
        pages([sort: sort, limit: limit], opts, fn ->
          case :ets.tab2list(fleeting) do
            [{id} | _] = all when length(all) > 2 ->
              :ok = Storage.delete(id, opts)
              :ets.delete(fleeting, id)

            _ ->
              recording = random_recording()
              :ok = Storage.save(recording, opts)
              :ets.insert(fleeting, {recording.id})
          end
        end)

      seen = for page <- pages, it <- page.recordings, it in staying, do: it
      assert seen == for(it <- found([], opts, sort), it in staying, do: it)
      for {id} <- :ets.tab2list(fleeting), do: :ok = Storage.delete(id, opts)
    end
  end

  test "a session that ends between pages stays where it was", %{opts: opts} do
    pids =
      for n <- 1..6 do
        in_flight(
          random_recording(connected_at: @start + n)
          |> Map.update!(:events, &(&1 ++ [{100, :event, %{name: "save", params: %{}}}]))
        )
      end

    {:ok, pids} = Agent.start_link(fn -> pids end)

    pages =
      pages([limit: 1], opts, fn ->
        case Agent.get_and_update(pids, &Enum.split(&1, 1)) do
          [pid] -> Session.stop(pid)
          [] -> :ok
        end

        drained(opts, length(Agent.get(pids, & &1)))
      end)

    times = for page <- pages, it <- page.recordings, do: it.connected_at - @start
    assert times == [6, 5, 4, 3, 2, 1]
  end

  test "facets of views, events and days", %{opts: opts} do
    other = "Elixir.No.Such#{System.unique_integer([:positive])}"
    path = Path.join(opts[:path], "json.json")
    File.mkdir_p!(opts[:path])

    # A view that this system does not have, and a clock that was far off.
    File.write!(
      path,
      ~s({"id":"json","view":"#{other}","url":null,"params":{},"session":{},) <>
        ~s("connected_at":9000000000000000000,"events":[]})
    )

    for events <- [1, 2, 4], do: :ok = Storage.save(recording(events: events), opts)
    assert {:ok, facets} = Native.facets([], [], opts)
    assert facets.views == [{PhoenixReplay.Native.Test.FormLive, 3}, {other, 1}]
    assert facets.events == [{"validate", 2}]
    assert facets.days == [{~D[2026-11-18], 3}]
    assert {:ok, %{views: [{^other, 1}]}} = Native.facets([view: other], [], opts)

    assert Native.facets([id: "none"], [], opts) ==
             {:ok, %{views: [], events: [], paths: [], subjects: [], days: []}}
  end

  test "the storage options are those of the host unless they are given", %{opts: opts} do
    :ok = Storage.save(recording(events: 2), opts)
    assert {:ok, %{total: 1}} = Native.query()
    assert {:ok, %{total: 0}} = Native.query(min_events: 3)
    assert {:ok, %{events: [{"validate", 1}]}} = Native.facets()
    assert {:ok, %{total: 0}} = Native.query([], [], path: tmp_dir())
  end

  test "a damaged file is named in the log and hides nothing", %{opts: opts} do
    :ok = Storage.save(recording(), opts)
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "bad")
    log = capture_log(fn -> assert {:ok, %{total: 1}} = Native.query([], [], opts) end)
    assert log =~ "bad.etf.gz"
  end
end
