defmodule PhoenixReplay.Native.ContainsTest do
  # Recordings are found, and erased, by what is in them.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.{Session, Terms}
  alias PhoenixReplay.Storage

  defmodule User do
    defstruct [:id, :email, :token]
  end

  setup do
    configured()
  end

  @places [:session, :params, :assigns, :handle_params, :event]

  # A session of a user who shows in one place only.
  defp visit(place, user, overrides \\ []) do
    seen = fn where -> if where == place, do: user, else: "someone else" end
    of_struct = if place == :assigns, do: user, else: nil
    path = "https://shop.test/users/#{seen.(:handle_params)}/edit?tab=1"

    recording(
      [
        url: "https://shop.test",
        session: %{"user_token" => seen.(:session), :flash => %{}},
        params: %{"id" => seen.(:params)},
        events: 0
      ] ++ overrides
    )
    |> Map.put(:events, [
      {0, :mount, %{assigns: %{live_action: :edit, user: nil}}},
      {3, :handle_params, %{params: %{"tab" => "1"}, url: path}},
      {4, :assigns, %{delta: %{current_user: %User{id: of_struct, email: ["x"]}}}},
      {900, :event, %{name: "save", params: %{"user" => %{"name" => seen.(:event)}}}},
      {905, :assigns, %{snapshot: %{form: [{:name, [1.5, nil]}], page: {1, 2}}}}
    ])
  end

  defp ids(filters, opts, page \\ [limit: 1000]) do
    {:ok, %{recordings: recordings, total: total, not_searched: []}} =
      Native.query(filters, page, opts)

    ids = for %{id: id} <- recordings, do: id
    assert length(ids) == total
    Enum.sort(ids)
  end

  # Plain, as an older release left it; each format, each compression.
  defp save_as(recording, kind, opts) do
    case kind do
      :legacy ->
        fields = Map.from_struct(recording)
        path = Path.join(opts[:path], recording.id <> ".etf")
        File.mkdir_p!(opts[:path])
        File.write!(path, :erlang.term_to_binary(fields))

      :other_backend ->
        :ok = Storage.File.save(recording, opts)

      :other_backend_json ->
        :ok = Storage.File.save(recording, opts ++ [format: :json])

      {format, compression} ->
        # What a directory is open with it keeps.
        :ok = Native.close(opts)
        :ok = Storage.Native.save(recording, opts ++ [format: format, compression: compression])
    end
  end

  @kinds [:legacy, :other_backend, :other_backend_json] ++
           for(format <- [:etf, :json], compression <- [:gzip, :zstd], do: {format, compression})

  test "a user is found wherever he shows, in files of every kind", %{opts: opts} do
    needle = "ada-4711@example.com"
    others = for place <- @places, do: visit(place, "bob@example.com")
    for recording <- others, do: :ok = Storage.Native.save(recording, opts)

    visits =
      for kind <- @kinds, place <- @places do
        recording = visit(place, needle)
        save_as(recording, kind, opts)
        recording.id
      end

    assert ids([contains: needle], opts) == Enum.sort(visits)
    assert ids([contains: "4711@exam"], opts) == Enum.sort(visits)
    assert ids([contains: 4711], opts) == Enum.sort(visits)
    assert ids([contains: 471], opts) == []
    assert ids([contains: "471"], opts) == Enum.sort(visits)
    assert ids([contains: "ADA-"], opts) == []
    assert ids([contains: needle, id: hd(visits)], opts) == [hd(visits)]
    assert ids([contains: needle, event: "other"], opts) == []
    # Neither the id nor the view is content.
    assert ids([contains: hd(visits)], opts) == []
    assert ids([contains: "FormLive"], opts) == []

    {:ok, facets} = Native.facets([contains: needle], [], opts)
    assert facets.events == [{"save", length(visits)}]
    assert facets.not_searched == []
    listed = Storage.Native.list_summaries([contains: needle] ++ opts)
    assert Enum.sort(for %{id: id} <- listed, do: id) == Enum.sort(visits)
  end

  test "it is what a search of the decoded recordings finds", %{opts: opts} do
    recordings =
      for n <- 1..60 do
        events = [
          {0, :mount, %{assigns: %{a: Terms.term(8)}}},
          {n, :event, %{name: "e", params: Terms.term(20)}},
          {n, :info, %{}}
        ]

        recording =
          recording(params: %{"p" => Terms.term(5)}, url: nil) |> Map.put(:events, events)

        :ok = Storage.Native.save(recording, opts)
        recording
      end

    needles = recordings |> Enum.flat_map(&leaves(content(&1))) |> Enum.uniq()
    contents = for it <- recordings, do: {it.id, it |> content() |> units() |> Enum.uniq()}

    for needle <- Enum.take_random(needles, 150) ++ ["ä日ä", 7, 255, 256, "lo", "true", -1] do
      expected = for {id, units} <- contents, Enum.any?(units, &in?(&1, needle)), do: id
      assert {needle, ids([contains: needle], opts)} == {needle, Enum.sort(expected)}
    end
  end

  defp content(%{params: params, session: session, url: url, events: events}),
    do: [params, session, url, for({_, _, payload} <- events, do: {:payload, payload})]

  # Something to look for: whole texts and integers, and parts of them.
  defp leaves(term) do
    case term do
      <<_, part::binary>> when part != "" and byte_size(part) < 4096 -> [term, part]
      number when is_integer(number) and abs(number) < 1.0e300 -> [number, "#{number}"]
      [head | tail] -> leaves(head) ++ leaves(tail)
      tuple when is_tuple(tuple) -> leaves(Tuple.to_list(tuple))
      map when is_map(map) -> leaves(Map.to_list(map))
      _other -> []
    end
  end

  # The texts and integers of a term, each on its own.
  defp units(term) do
    case term do
      atom when is_atom(atom) -> [Atom.to_string(atom)]
      number when is_integer(number) -> [number]
      binary when is_binary(binary) -> [binary]
      bits when is_bitstring(bits) -> [whole_bytes(bits)]
      [_ | _] = list -> charlist(list) ++ units_of_list(list)
      tuple when is_tuple(tuple) -> tuple |> Tuple.to_list() |> units_of_list()
      map when is_map(map) -> map |> Map.to_list() |> units_of_list()
      fun when is_function(fun) -> fun |> :erlang.fun_info(:env) |> elem(1) |> units_of_env()
      _other -> []
    end
  end

  defp units_of_env(env), do: if(is_list(env), do: units_of_list(env), else: [])

  defp units_of_list([head | tail]), do: units(head) ++ units_of_list(tail)
  defp units_of_list([]), do: []
  defp units_of_list(tail), do: units(tail)

  defp charlist(list) do
    bytes? =
      not List.improper?(list) and length(list) <= 65_535 and Enum.all?(list, &(&1 in 0..255))

    if bytes?, do: [:erlang.list_to_binary(list)], else: []
  end

  defp in?(number, needle) when is_integer(number),
    do: number == needle or "#{number}" == needle

  defp in?(text, needle), do: in_text?(text, needle)

  defp whole_bytes(bits) do
    missing = 8 - rem(bit_size(bits), 8)
    binary_part(<<bits::bitstring, 0::size(missing)>>, 0, div(bit_size(bits), 8))
  end

  defp in_text?(text, needle) when is_binary(needle), do: :binary.match(text, needle) != :nomatch

  defp in_text?(text, needle) do
    digits = "#{needle}"

    Enum.any?(:binary.matches(text, digits), fn {at, size} ->
      before = if at > 0 and needle >= 0, do: :binary.at(text, at - 1)
      behind = if at + size < byte_size(text), do: :binary.at(text, at + size)
      before not in ?0..?9 and behind not in ?0..?9
    end)
  end

  test "sessions in flight are searched, and are found when they have ended", %{opts: opts} do
    [pid] = Session.start_many("live", 1, 40)
    assert ids([contains: "live-1"], opts) == ["live-1"]
    assert ids([contains: "live-1", active: false], opts) == []
    Session.stop(pid)
    drained(opts)
    assert ids([contains: "live-1"], opts) == ["live-1"]
  end

  test "progress is told in the caller, and pages go on from a cursor", %{opts: opts} do
    all = for _ <- 1..130, do: visit(:event, "ada")
    for recording <- all, do: :ok = Storage.Native.save(recording, opts)
    for _ <- 1..70, do: :ok = Storage.Native.save(visit(:event, "bob"), opts)
    test = self()
    page = [limit: 100, progress: &send(test, {self(), &1})]
    {:ok, %{total: 130, cursor: cursor} = first} = Native.query([contains: "ada"], page, opts)
    assert_received {^test, %{checked: 200, total: 200, found: 130}}

    {:ok, %{cursor: nil} = second} =
      Native.query([contains: "ada"], [limit: 100, cursor: cursor], opts)

    found = for %{id: id} <- first.recordings ++ second.recordings, do: id
    assert Enum.sort(found) == Enum.sort(for %{id: id} <- all, do: id)

    {:ok, _} = Native.facets([contains: "bob"], [progress: &send(test, {self(), &1})], opts)
    assert_received {^test, %{checked: 200, total: 200, found: 70}}

    {:ok, %{count: 70}} =
      Native.delete_where([contains: "bob"], [progress: &send(test, {self(), &1})], opts)

    assert_received {^test, %{checked: 200, total: 200, found: 70}}

    # Nothing has to be read for these.
    {:ok, answer} = Native.query([url: "shop"], page, opts)
    assert Enum.sort(Map.keys(answer)) == [:cursor, :recordings, :total]
    refute_received {^test, _progress}
  end

  test "an erasure leaves nothing of a user behind, and names what it can't look into",
       %{opts: opts} do
    needle = "ada-4711@example.com"
    for place <- @places, do: :ok = Storage.Native.save(visit(place, needle), opts)
    for place <- @places, do: save_as(visit(place, needle), :legacy, opts)
    kept = visit(:event, "bob")
    :ok = Storage.Native.save(kept, opts)
    live = visit(:event, needle, id: "live")
    parent = self()

    spawn_link(fn ->
      :ok = Native.Store.start_recording("live", %{live | events: []})
      for event <- live.events, do: :ok = Native.Store.append_event("live", event)
      send(parent, :recorded)
      Process.sleep(:infinity)
    end)

    assert_receive :recorded
    # As long as a writer may be at it, a file stays where it is.
    moved = Path.join(opts[:path], "moved.etf.gz")
    File.write!(moved, "no recording")
    File.touch!(moved, System.os_time(:second) - 60)

    capture_log(fn ->
      {:ok, %{quarantined: [_]}} = Native.repair([], opts)
      File.write!(Path.join(opts[:path], "torn.json.gz"), "")
      assert {:ok, erased} = Native.delete_where([contains: needle], [], opts)
      assert erased.count == 11 and length(erased.ids) == 11

      assert [%{file: ".native/quarantine/moved.etf.gz", reason: moved}, torn] =
               erased.not_searched

      assert moved =~ "damaged"
      assert torn == %{file: "torn.json.gz", reason: "the file is empty"}

      # Whatever is asked for.
      assert {:ok, %{count: 0, not_searched: [_, ^torn]}} =
               Native.delete_where([id: "no"], [], opts)

      assert {:ok, %{total: 0, not_searched: [_, ^torn]}} =
               Native.query([contains: needle], [], opts)
    end)

    assert [%{id: id}] = Storage.Native.list_summaries(opts)
    assert id == kept.id
    # Neither as it is nor within any file that is compressed.
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true), File.regular?(path) do
      content = File.read!(path)

      content =
        if match?(<<31, 139, _::binary>>, content), do: :zlib.gunzip(content), else: content

      assert :binary.match(content, [needle, "4711"]) == :nomatch, path
    end
  end

  test "what can't be searched for is refused, and says nothing by itself", %{opts: opts} do
    :ok = Storage.Native.save(recording(), opts)

    for contains <- [
          "",
          :ada,
          nil,
          1.5,
          String.duplicate("x", 4097),
          ["a"],
          Integer.pow(10, 1024)
        ] do
      assert {:error, {:invalid_filter, :contains, expected} = reason} =
               Native.query([contains: contains], [], opts)

      assert expected =~ "a text of 1 to 4096 bytes"
      assert Native.delete_where([contains: contains], [], opts) == {:error, reason}
      assert Native.facets([contains: contains], [], opts) == {:error, reason}
    end

    assert Native.query([contains: "a"], [progress: 1], opts) ==
             {:error, {:invalid_page, :progress, "a function of one argument"}}

    refused = {:error, {:invalid_option, :progress, "a function of one argument"}}
    assert Native.delete_where([contains: "a"], [progress: 1], opts) == refused
    # The storage options where they once were.
    refused = {:error, {:unknown_options, [:path], [:progress]}}
    assert Native.delete_where([contains: "a"], opts) == refused
    assert Native.facets([contains: "a"], opts) == refused

    assert Native.query([contains: "a"], [cursor: "AAAA", progress: &flunk/1], opts) ==
             {:error, :invalid_cursor}

    assert {:ok, %{total: 0}} = Native.query([contains: String.duplicate("x", 4096)], [], opts)
    assert {:ok, %{total: 0}} = Native.query([contains: -Integer.pow(10, 1023)], [], opts)
  end

  test "a search that its caller gives up is let go of", %{opts: opts} do
    for _ <- 1..50, do: :ok = Storage.Native.save(visit(:event, "ada"), opts)

    for _ <- 1..20 do
      assert catch_throw(
               Native.query([contains: "ada"], [progress: fn _ -> throw(:enough) end], opts)
             ) == :enough
    end

    :erlang.garbage_collect()
    assert :ok = Native.close(opts)
    assert ids([contains: "nobody"], opts) == []
  end
end
