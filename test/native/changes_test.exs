defmodule PhoenixReplay.Native.ChangesTest do
  # Beside others, since it takes long. None of those that run beside others but this one may
  # set what the application is configured with.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0, drained: 1]

  alias PhoenixReplay.Native.Test.Assigns
  alias PhoenixReplay.Native.{Nif, Store}
  alias PhoenixReplay.{Recording, Sanitizer}
  alias PhoenixReplay.Storage.Native

  setup do
    opts = [path: tmp_dir()]
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)

    on_exit(fn ->
      Application.delete_env(:phoenix_replay, :storage)
      Application.delete_env(:phoenix_replay, :storage_opts)
    end)

    %{opts: opts}
  end

  defp start(id \\ "id-#{System.unique_integer([:positive])}") do
    recording = %Recording{
      id: id,
      view: __MODULE__,
      url: nil,
      params: %{},
      session: %{},
      connected_at: System.system_time(:millisecond),
      events: [{0, :event, %{name: "start", params: %{}}}]
    }

    :ok = Store.start_recording(id, recording)
    recording
  end

  # By the sanitizer's rules: what has changed, or all if several events were.
  defp record(id, offset, :delta, changed, assigns) do
    :ok = Store.append_raw(id, {offset, :delta, changed, assigns}, [])
    delta = Sanitizer.sanitize_delta(changed, assigns)
    if delta == %{}, do: [], else: [{offset, :assigns, %{delta: delta}}]
  end

  defp record(id, offset, :snapshot, changed, assigns) do
    :ok = Store.append_raw(id, {offset, :snapshot, changed, assigns}, [])
    all = Sanitizer.sanitize_assigns(assigns)

    if Sanitizer.sanitize_delta(changed, assigns) == %{},
      do: [],
      else: [{offset, :assigns, %{snapshot: all}}]
  end

  # What is in flight, and in the end in the file, byte for byte.
  defp check(recording, events, opts) do
    expected = %{recording | events: recording.events ++ events}
    assert {:ok, got} = Store.get_active(recording.id)
    for {a, b} <- Enum.zip(got.events, expected.events), do: assert(a === b)
    assert got === expected
    assert {:ok, ^expected} = Store.finalize(recording.id)
    :ok = drained(opts)
    file = File.read!(Path.join(opts[:path], recording.id <> ".etf.gz"))
    assert {:ok, :zlib.gunzip(file)} == Nif.codec_encode(Map.from_struct(expected))
  end

  # In parts, each of which has the time of a test.
  for part <- 1..4 do
    test "what is recorded of random edits is what the host's sanitizer makes of them (#{part})",
         %{
           opts: opts
         } do
      for _ <- 1..15 do
        recording = start()

        {events, _assigns} =
          Enum.flat_map_reduce(1..40, Assigns.any(), fn offset, assigns ->
            {changed, assigns} = Assigns.edit(assigns)
            form = if :rand.uniform(8) == 1, do: :snapshot, else: :delta
            # As the heap of a process goes.
            if :rand.uniform(10) == 1, do: :erlang.garbage_collect()
            {record(recording.id, offset, form, changed, assigns), assigns}
          end)

        check(recording, events, opts)
      end
    end

    test "ready events are recorded as they are, whatever they hold (#{part})", %{opts: opts} do
      for _ <- 1..10 do
        recording = start()

        {events, _assigns} =
          Enum.map_reduce(1..40, Assigns.any(), fn offset, assigns ->
            {changed, assigns} = Assigns.edit(assigns)

            payload =
              if :rand.uniform(8) == 1,
                do: %{snapshot: assigns},
                else: %{delta: Map.take(assigns, Map.keys(changed))}

            assert Store.append_event(recording.id, {offset, :assigns, payload}) == :ok
            {{offset, :assigns, payload}, assigns}
          end)

        check(recording, events, opts)
      end
    end
  end

  test "several processes, with and without the sanitizer's rules, append to one recording", %{
    opts: opts
  } do
    recording = start()
    list = for n <- 1..50, do: %{id: n, name: "name #{n}", token: "t"}

    {events, _list} =
      Enum.flat_map_reduce(1..60, list, fn offset, list ->
        list = List.replace_at(list, rem(offset * 7, 50), %{id: offset, name: "other"})
        assigns = %{list: list}

        events =
          case rem(offset, 4) do
            0 ->
              fn -> record(recording.id, offset, :delta, %{list: true}, assigns) end
              |> Task.async()
              |> Task.await(:infinity)

            1 ->
              event = {offset, :assigns, %{delta: assigns}}
              :ok = Store.append_event(recording.id, event)
              [event]

            _ ->
              record(recording.id, offset, :delta, %{list: true}, assigns)
          end

        {events, list}
      end)

    check(recording, events, opts)
  end

  test "an assign that changed where nobody saw it is recorded when it is seen", %{opts: opts} do
    recording = start()
    list = for n <- 1..50, do: %{id: n, name: "name #{n}"}
    unseen = List.replace_at(list, 10, %{id: 0, name: "unseen"})
    last = List.replace_at(unseen, 20, %{id: 0, name: "last"})

    events =
      Enum.concat([
        record(recording.id, 1, :delta, %{list: true}, %{list: list, other: 1}),
        record(recording.id, 2, :delta, %{other: true}, %{list: unseen, other: 2}),
        record(recording.id, 3, :delta, %{list: true}, %{list: last, other: 2}),
        # One that is gone is nil.
        record(recording.id, 4, :delta, %{list: true}, %{other: 2}),
        record(recording.id, 5, :delta, %{list: true}, %{list: last})
      ])

    check(recording, events, opts)
  end

  test "what changed takes little space, and what is new all it needs" do
    recording = start()
    list = for n <- 1..200, do: %{id: n, name: "the name of number #{n}", done: false}
    [] = record(recording.id, 0, :delta, %{flash: true}, %{flash: %{}, list: list})
    record(recording.id, 1, :delta, %{list: true}, %{list: list})
    first = used()

    for n <- 1..200, reduce: list do
      list ->
        list = List.update_at(list, n - 1, &%{&1 | done: true})
        record(recording.id, n, :delta, %{list: true}, %{list: list})
        list
    end

    assert used() - first < 16_384
    assert {:ok, %{events: events}} = Store.get_active(recording.id)
    assert {200, :assigns, %{delta: %{list: last}}} = List.last(events)
    assert Enum.all?(last, & &1.done)
  end

  defp used do
    {:ok, {directory, _format}} =
      PhoenixReplay.Native.Directories.fetch(PhoenixReplay.Storage.storage_opts())

    {used, _all} = Nif.store_slab(directory)
    used
  end

  test "what a recording may have is counted in full" do
    opts = [path: tmp_dir(), max_recording_bytes: 1_000_000]
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    recording = start()
    list = for n <- 1..1_000, do: %{id: n, name: String.duplicate("n", 80)}

    results =
      for n <- 1..20 do
        assigns = %{list: List.replace_at(list, n, %{})}
        Store.append_raw(recording.id, {n, :delta, %{list: true}, assigns}, [])
      end

    bytes = byte_size(:erlang.term_to_binary(list))
    assert Enum.count(results, &(&1 == :ok)) == div(1_000_000, bytes)
    assert List.last(results) == {:error, :max_events}
  end

  test "one event may not be larger than a recording, and others follow it" do
    opts = [path: tmp_dir(), max_recording_bytes: 100_000]
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    %{id: id} = start()
    list = for n <- 1..2_000, do: %{id: n, name: String.duplicate("n", 80)}
    small = Enum.take(list, 20)
    assert Store.append_raw(id, {1, :delta, %{list: true}, %{list: small}}, []) == :ok

    assert Store.append_raw(id, {2, :delta, %{list: true}, %{list: list}}, []) ==
             {:error, :too_large}

    assert Store.append_event(id, {2, :assigns, %{delta: %{list: list}}}) == {:error, :too_large}
    assert Store.append_raw(id, {3, :delta, %{list: true}, %{list: tl(small)}}, []) == :ok
    assert {:ok, %{events: [_, _, {3, :assigns, %{delta: %{list: last}}}]}} = Store.get_active(id)
    assert last == tl(small)
  end

  test "no report of a process shows what it holds on to" do
    %{id: id} = start()
    value = for n <- 1..200, do: %{id: n, name: "the text of number #{n}"}
    assert Store.append_raw(id, {1, :delta, %{list: true}, %{list: value}}, []) == :ok
    assert :erts_debug.size(Process.get(Store)) > 200
    refute inspect(Process.get(), limit: :infinity, printable_limit: :infinity) =~ "the text of"
  end

  test "values under temporary keys are not held on to", %{opts: opts} do
    recording = start()
    value = for n <- 1..200, do: %{id: n, name: "the text of number #{n}"}

    events =
      for offset <- 1..3 do
        assigns = {offset, :delta, %{list: true}, %{list: value}}
        assert Store.append_raw(recording.id, assigns, [:list]) == :ok
        assert :erts_debug.size(Process.get(Store)) < 200
        {offset, :assigns, %{delta: %{list: value}}}
      end

    check(recording, events, opts)
  end

  test "what the rules do not cover is refused, and nothing is recorded" do
    %{id: id} = start()

    for value <- [
          [1 | 2],
          %{__struct__: Phoenix.HTML.Form, source: %{}},
          %{__struct__: Ecto.Changeset, data: %{}},
          %{__struct__: NotLoaded, password: 1},
          %{__struct__: "none", token: 1},
          %{~D[2026-11-27] => 1},
          Enum.reduce(1..100, 1, fn _, inner -> [inner] end)
        ] do
      assigns = {1, :delta, %{value: true}, %{value: value}}
      assert Store.append_raw(id, assigns, []) == :refused
    end

    assert {:ok, %{events: [_start]}} = Store.get_active(id)
  end
end
