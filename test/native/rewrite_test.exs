defmodule PhoenixReplay.Native.RewriteTest do
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.File, as: Host
  alias PhoenixReplay.Storage.Native, as: Storage

  setup do
    configured()
  end

  @secret "what nobody should have recorded"

  defp secret(overrides \\ []),
    do:
      recording([url: "http://localhost/?q=#{@secret}", session: %{"q" => @secret}] ++ overrides)

  defp mask(recording), do: {:ok, %{recording | url: "http://localhost/", session: %{}}}

  defp save(recording, opts), do: tap(recording, &(:ok = Storage.save(&1, opts)))

  # The files of the directory, hidden ones too, in which it is legible.
  defp traces(opts) do
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true),
        File.regular?(path),
        content = File.read!(path),
        content =
          if(match?(<<31, 139, _::binary>>, content), do: :zlib.gunzip(content), else: content),
        :binary.match(content, @secret) != :nomatch,
        do: path
  end

  defp counts(result), do: Map.take(result, [:rewritten, :dropped, :kept])

  test "everything is changed, and nothing of what was there is left", %{opts: opts} do
    etf = for _ <- 1..20, do: save(secret(), opts)
    json = for _ <- 1..20, do: save(secret(), [format: :json] ++ opts)
    names = Enum.sort(File.ls!(opts[:path]))
    assert length(traces(opts)) > 40
    test = self()

    assert {:ok, result} =
             Native.rewrite([], &mask/1, [progress: &send(test, {self(), &1})], opts)

    assert result == %{rewritten: 40, dropped: 0, kept: 0, failed: [], in_flight: []}
    assert_received {^test, %{checked: 1, total: 40, failed: 0}}
    assert_received {^test, %{checked: 40, total: 40, failed: 0}}
    assert traces(opts) == []
    assert Enum.sort(File.ls!(opts[:path])) == names

    for recording <- etf do
      {:ok, masked} = mask(recording)
      assert Storage.get(recording.id, opts) == {:ok, masked}
      assert Host.get(recording.id, opts) == {:ok, masked}
    end

    for %{id: id} <- json do
      host = [format: :json] ++ opts
      assert {:ok, %{url: "http://localhost/", session: session} = theirs} = Host.get(id, host)
      assert session == %{}
      assert Storage.get(id, host) == {:ok, theirs}
    end

    # What is masked already stays as it is.
    before = files(opts)
    assert {:ok, again} = Native.rewrite([], &mask/1, [], opts)
    assert counts(again) == %{rewritten: 0, dropped: 0, kept: 40}
    assert files(opts) == before
    assert {:ok, %{damaged: []}} = Native.verify([], opts)
  end

  defp files(opts),
    do: for(path <- Path.wildcard(opts[:path] <> "/*"), do: {path, File.stat!(path).inode})

  test "format, compression, flags and subject stay as they are", %{opts: opts} do
    owned = [subject: fn _ -> "ada" end] ++ opts
    zstd = link(opts) ++ [compression: :zstd]
    gz = for format <- [:etf, :json], do: save(secret(), [format: format] ++ owned)

    zst =
      for format <- [:etf, :json],
          do: save(secret(), [format: format, subject: fn _ -> 7 end] ++ zstd)

    recovered(opts, "cut off", "grace")
    names = Enum.sort(File.ls!(opts[:path]))
    before = Storage.list_summaries(opts)
    assert Enum.any?(names, &String.ends_with?(&1, ".json.zst"))
    assert %{recovered?: true, subject: "grace"} = Enum.find(before, &(&1.id == "cut off"))

    assert {:ok, %{rewritten: 5, failed: []}} = Native.rewrite([], &mask/1, [], opts)
    assert Enum.sort(File.ls!(opts[:path])) == names

    for again <- [:open, :forgotten] do
      if again == :forgotten do
        :ok = Native.close(opts)
        :ok = Native.close(link(opts))
        File.rm_rf!(Path.join(opts[:path], ".native"))
      end

      after_all = Map.new(Storage.list_summaries(opts), &{&1.id, &1})

      for summary <- before,
          do: assert(after_all[summary.id] == %{summary | url: "http://localhost/"})
    end

    for %{id: id} <- gz ++ zst do
      assert {:ok, %{session: session}} = Storage.get(id, opts)
      assert session == %{}
    end
  end

  # The directory by another name: one that is open keeps its compression.
  defp link(opts) do
    link = opts[:path] <> "-zstd"

    if File.ln_s(opts[:path], link) == :ok do
      on_exit(fn ->
        :ok = Native.close(path: link)
        File.rm!(link)
      end)
    end

    [path: link]
  end

  @child """
  [path, id, subject] = System.argv()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)
  alias PhoenixReplay.Native.Test.Session
  recording = %{Session.recording(id) | url: "before"}
  :ok = PhoenixReplay.Native.Store.start_recording(id, recording, subject)
  :ok = PhoenixReplay.Native.Store.append_event(id, Session.event(id, 1))
  System.cmd("kill", ["-9", System.pid()])
  """

  defp recovered(opts, id, subject) do
    assert_raise RuntimeError, fn -> ChildVM.run!(@child, [opts[:path], id, subject]) end
    # Another system opens it.
    :ok = Native.close(opts)
    :ok = Storage.init(opts)
    :ok = drained(opts)
  end

  test "each is changed, kept or dropped, as the function says", %{opts: opts} do
    [changed, kept, dropped] = for n <- 1..3, do: save(secret(connected_at: n), opts)
    other = save(secret(connected_at: 10), opts)

    assert {:ok, result} =
             Native.rewrite(
               [to: 10],
               fn
                 %{connected_at: 1} = recording -> mask(recording)
                 %{connected_at: 2} -> :keep
                 %{connected_at: 3} -> :drop
               end,
               [],
               opts
             )

    assert result == %{rewritten: 1, dropped: 1, kept: 1, failed: [], in_flight: []}
    assert {:ok, %{session: session}} = Storage.get(changed.id, opts)
    assert session == %{}

    for recording <- [kept, other],
        do: assert(Storage.get(recording.id, opts) == {:ok, recording})

    assert Storage.get(dropped.id, opts) == :error
    assert {:ok, %{erased: 1, recordings: 3}} = Native.stats(opts)
    :ok = Native.close(opts)
    assert length(Storage.list_summaries(opts)) == 3
  end

  test "what fails is reported, and the others are changed", %{opts: opts} do
    outcomes = %{
      1 => {:raise, {:raised, RuntimeError}},
      2 => {:throw, {:raised, :throw}},
      3 => {:exit, {:raised, :exit}},
      4 => {{:ok, secret()}, :id_changed},
      5 => {{:ok, :no_recording}, :invalid_result},
      6 => {nil, :invalid_result},
      7 => {:view, {:invalid_recording, :connected_at}},
      8 => {:mask, nil}
    }

    ids = for n <- 1..8, into: %{}, do: {save(secret(connected_at: n), opts).id, n}
    test = self()

    log =
      capture_log(fn ->
        assert {:ok, result} =
                 Native.rewrite(
                   [],
                   fn recording ->
                     case elem(outcomes[recording.connected_at], 0) do
                       :raise -> raise @secret
                       :throw -> throw(@secret)
                       :exit -> exit(@secret)
                       :view -> {:ok, %{recording | connected_at: @secret}}
                       :mask -> mask(recording)
                       result -> result
                     end
                   end,
                   [progress: &send(test, &1)],
                   opts
                 )

        assert counts(result) == %{rewritten: 1, dropped: 0, kept: 0}
        assert length(result.failed) == 7

        for %{id: id, reason: reason} <- result.failed do
          assert reason == elem(outcomes[ids[id]], 1)
        end
      end)

    assert_received %{checked: 8, total: 8, failed: 7}
    refute log =~ @secret
    for {id, n} <- ids, n != 8, do: assert({:ok, %{session: %{"q" => _}}} = Storage.get(id, opts))
  end

  test "one that can't be read is reported, one that is gone is not", %{opts: opts} do
    [damaged, gone, whole] = for n <- 1..3, do: save(secret(connected_at: n), opts)

    log =
      capture_log(fn ->
        assert {:ok, result} =
                 Native.rewrite(
                   [],
                   fn recording ->
                     File.write!(Path.join(opts[:path], damaged.id <> ".etf.gz"), "damaged")
                     File.rm(Path.join(opts[:path], gone.id <> ".etf.gz"))
                     if recording.id == whole.id, do: mask(recording), else: :keep
                   end,
                   [],
                   opts
                 )

        # In which order they come is not said.
        assert result.rewritten == 1
        assert Enum.all?(result.failed, &match?(%{reason: {:damaged, _}}, &1))
        assert result.kept + length(result.failed) <= 2
      end)

    refute log =~ @secret
  end

  test "what others save while it is being changed is changed, and not written over", %{
    opts: opts
  } do
    recording = save(secret(), opts)
    newer = %{recording | events: events(20)}
    saved = :counters.new(1, [])

    mask = fn recording ->
      if :counters.get(saved, 1) == 0 do
        :counters.add(saved, 1, 1)
        # The pure-Elixir backend of another node, which writes in place.
        :ok = Host.save(newer, opts)
      end

      mask(recording)
    end

    assert {:ok, %{rewritten: 1, failed: []}} = Native.rewrite([], mask, [], opts)
    assert {:ok, %{events: events, session: session}} = Storage.get(recording.id, opts)
    assert {length(events), session} == {20, %{}}

    # One that changes each time is left to those who change it.
    endless = fn recording ->
      :ok = Storage.save(%{recording | session: %{"n" => System.unique_integer()}}, opts)
      :drop
    end

    assert {:ok, %{failed: [%{reason: :changed}]}} = Native.rewrite([], endless, [], opts)
    assert [_] = Storage.list_summaries(opts)
  end

  test "sessions in flight are named, and left alone", %{opts: opts} do
    save(secret(), opts)
    [pid] = Session.start_many("flying", 1, 3)

    assert {:ok, %{rewritten: 1, in_flight: ["flying-1"]}} = Native.rewrite([], &mask/1, [], opts)

    assert {:ok, %{in_flight: [], kept: 1}} =
             Native.rewrite([url: "http://localhost/"], &mask/1, [], opts)
             |> then(fn {:ok, result} ->
               {:ok, %{result | in_flight: result.in_flight -- ["flying-1"]}}
             end)

    Session.stop(pid)
    :ok = drained(opts)

    assert {:ok, %{rewritten: 1, in_flight: []}} =
             Native.rewrite([id: "flying"], fn it -> {:ok, %{it | url: nil}} end, [], opts)
  end

  test "one that begins under the id meanwhile is left alone as well", %{opts: opts} do
    for n <- 1..2, do: save(secret(connected_at: n), opts)
    test = self()

    # Sessions in flight under both ids, from the first call on.
    mask = fn recording ->
      for %{id: id, active?: false} <- Storage.list_summaries(opts) do
        pid =
          spawn(fn ->
            :ok = Store.start_recording(id, Session.recording(id))
            :ok = Store.append_event(id, Session.event(id, 1))
            send(test, {:started, id})
            receive do: (:stop -> :ok)
          end)

        receive do: ({:started, ^id} -> pid)
        on_exit(fn -> Session.stop(pid) end)
      end

      mask(recording)
    end

    assert {:ok, %{rewritten: 1, in_flight: [_]}} = Native.rewrite([], mask, [], opts)
  end

  test "a directory that is closed meanwhile is opened again", %{opts: opts} do
    for _ <- 1..3, do: save(secret(), opts)

    mask = fn recording ->
      assert :ok = Native.close(opts)
      mask(recording)
    end

    assert {:ok, %{rewritten: 3, failed: []}} = Native.rewrite([], mask, [], opts)
    assert traces(opts) == []
  end

  test "a caller who leaves by a way of his own leaves nothing behind", %{opts: opts} do
    for n <- 1..2, do: save(secret(connected_at: n), opts)

    assert catch_throw(Native.rewrite([], &mask/1, [progress: fn _ -> throw(:enough) end], opts)) ==
             :enough

    assert length(traces(opts)) == 2 or length(traces(opts)) == 1
    assert Path.wildcard(opts[:path] <> "/.native/*/erase-*") == []
  end

  test "one that is killed leaves nothing of what was changed", %{opts: opts} do
    save(secret(), opts)
    parent = self()

    pid =
      spawn(fn ->
        wait = fn _ ->
          send(parent, :changed)
          Process.sleep(:infinity)
        end

        Native.rewrite([], &mask/1, [progress: wait], opts)
      end)

    receive do: (:changed -> :ok)
    assert [_in_the_index] = traces(opts)
    Process.exit(pid, :kill)
    until = fn until -> traces(opts) == [] or (Process.sleep(5) && until.(until)) end
    assert until.(until)
    assert Native.close(opts) == :ok
    assert Path.wildcard(opts[:path] <> "/.native/*/*") == []
  end

  test "what can't be asked is an error that says why", %{opts: opts} do
    function = {:error, {:invalid_option, :fun, "a function of one argument"}}
    assert Native.rewrite([], :mask, [], opts) == function
    assert Native.rewrite([], fn -> :keep end, [], opts) == function
    progress = {:error, {:invalid_option, :progress, "a function of one argument"}}
    assert Native.rewrite([], &mask/1, [progress: 1], opts) == progress
    unknown = {:error, {:unknown_options, [:other], [:progress]}}
    assert Native.rewrite([], &mask/1, [other: 1], opts) == unknown
    assert {:error, {:unknown_filters, [:veiw], _}} = Native.rewrite([veiw: A], &mask/1, [], opts)
    assert {:error, {:unknown_options, [:pth], _}} = Native.rewrite([], &mask/1, [], pth: "x")
    assert {:ok, %{rewritten: 0}} = Native.rewrite([], &mask/1)
  end

  test "what a search by content finds is changed, and nothing else", %{opts: opts} do
    found = save(secret(), opts)
    other = save(recording([]), opts)

    assert {:ok, result} = Native.rewrite([contains: @secret], &mask/1, [], opts)
    assert counts(result) == %{rewritten: 1, dropped: 0, kept: 0}
    assert Storage.get(found.id, opts) == mask(found)
    assert Storage.get(other.id, opts) == {:ok, other}
    assert traces(opts) == []
  end
end
