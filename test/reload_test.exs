defmodule PhoenixReplay.Native.ReloadTest do
  @moduledoc false
  # The code of the native functions is loaded anew, or everything is, in one
  # and the same OS process. Sessions that are in flight lose nothing by it, and
  # what was recorded before is served after.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{ChildVM, Session}

  @prelude """
  [path | args] = System.argv()
  alias PhoenixReplay.Native.{Directories, Nif, Store}
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native
  Application.put_env(:phoenix_replay, :storage, Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)
  opts = [path: path]
  """

  # Sessions append, with what they remember, before and after each reload.
  @reload @prelude <>
            """
            {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
            parent = self()

            loop = fn loop, id ->
              receive do
                {:append, n} ->
                  :ok = Store.append_event(id, Session.event(id, n))
                  send(parent, :appended)
                  loop.(loop, id)
                :stop -> :ok
              end
            end

            own = for n <- 1..10 do
              id = "s\#{n}"
              spawn(fn ->
                :ok = Store.start_recording(id, Session.recording(id))
                send(parent, :appended)
                loop.(loop, id)
              end)
            end
            for _ <- own, do: receive(do: (:appended -> :ok))

            # Of another process each.
            others = for n <- 1..10, do: spawn(fn -> loop.(loop, "s\#{n}") end)

            append = fn pids, n ->
              for pid <- pids, do: send(pid, {:append, n})
              for _ <- pids, do: receive(do: (:appended -> :ok))
            end
            append.(own, 1)
            append.(others, 2)

            reload = fn
              "load_file", module ->
                :code.purge(module)
                {:module, _} = :code.load_file(module)
              "load_file_keeping_old", module ->
                :code.purge(module)
                {:module, _} = :code.load_file(module)
                append.(own, 3)
              "delete_and_purge", module ->
                :code.purge(module)
                true = :code.delete(module)
                :code.purge(module)
              "delete", module ->
                :code.purge(module)
                true = :code.delete(module)
            end

            how = hd(args)
            kept = if how == "load_file_keeping_old", do: 1, else: 0
            for module <- [Nif.Stubs, Nif, Directories, Store, PhoenixReplay.Native.InFlight],
                kept == 0 or module == Nif.Stubs do
              reload.(how, module)
            end

            append.(own, 3 + kept)
            append.(others, 4 + kept)
            # And once more.
            :code.purge(Nif.Stubs)
            if kept == 0, do: reload.(how, Nif.Stubs)
            append.(own, 5 + kept)
            append.(others, 6 + kept)
            [_ | _] = Native.list_summaries(opts)
            {:ok, %{running: 10}} = PhoenixReplay.Native.stats(opts)

            for pid <- tl(own), do: Session.stop(pid)
            0 = Directories.run(opts, fn directory, _ -> Nif.store_drain(directory, 30_000) end)
            {:ok, %{running: 1, saved: 9}} = PhoenixReplay.Native.stats(opts)
            # The last one is saved by the shutdown.
            :ok = Application.stop(:phoenix_replay_native)
            IO.puts("events: \#{6 + kept}")
            """

  for how <- ["load_file", "load_file_keeping_old", "delete_and_purge", "delete"] do
    test "#{how}: sessions in flight go on, and are saved complete" do
      path = tmp_dir()
      output = ChildVM.run!(@reload, [path, unquote(how)])
      assert [_, events] = Regex.run(~r/events: (\d)/, output)
      recordings = PhoenixReplay.Storage.File.list(path: path)
      assert length(recordings) == 10
      for recording <- recordings, do: assert("#{Session.check!(recording)}" == events)
    end
  end

  # After the restart this is run again, with what it wrote into the environment.
  @restart @prelude <>
             """
             {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
             run = System.get_env("RUN", "first")

             if run == "second" do
               # What is being saved still is served all the same.
               all = for %{id: id} <- Native.list_summaries(opts), {:ok, it} <- [Native.get(id, opts)], do: it
               50 = length(all)
               for recording <- all, do: 5 = Session.check!(recording)
               {:ok, %{recovered: 0}} = PhoenixReplay.Native.stats(opts)
             end

             Session.start_many(run, 50, 5)
             IO.puts("\#{run}: recorded")
             System.put_env("RUN", "second")
             if run == "first", do: System.restart(), else: System.stop()
             Process.sleep(:infinity)
             """

  @tag timeout: 120_000
  test "the system restarts inside its OS process: all sessions are saved, and it goes on" do
    path = tmp_dir()
    output = ChildVM.run!(@restart, [path])
    assert output =~ "first: recorded"
    assert output =~ "second: recorded"
    assert [_, _, _] = String.split(output, "50 recordings saved at shutdown")
    assert_saved(path, 100, 5)
  end

  @replaced @prelude <>
              """
              {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
              pids = Session.start_many("s", 5, 5)
              [native] = args
              File.cp!(native, native <> ".new")
              File.rename!(native <> ".new", native)
              true = :code.delete(Nif.Stubs)
              :code.purge(Nif.Stubs)
              for n <- 1..5, do: :ok = Store.append_event("s-\#{n}", Session.event("s-\#{n}", 6))
              for pid <- pids, do: Session.stop(pid)
              :ok = PhoenixReplay.Native.close(opts)
              """

  test "a library that is replaced in its place goes on until the OS process ends" do
    path = tmp_dir()
    {paths, native} = ChildVM.copied(path <> "-lib")
    on_exit(fn -> File.rm_rf!(path <> "-lib") end)
    ChildVM.run!(@replaced, [path, native], paths: paths)
    assert_saved(path, 5, 6)
  end

  # As a release has it that was upgraded.
  @elsewhere @prelude <>
               """
               {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
               pids = Session.start_many("old", 5, 5)
               [ebin] = args
               :code.replace_path(:phoenix_replay_native, String.to_charlist(ebin))
               true = :code.delete(Nif.Stubs)
               :code.purge(Nif.Stubs)

               {:error, :not_found} = Store.append_event("old-1", Session.event("old-1", 6))
               more = Session.start_many("new", 5, 5)
               for pid <- pids ++ more, do: Session.stop(pid)
               # What has ended is listed before it is in its file.
               done = fn -> length(Path.wildcard(path <> "/*.etf.gz")) == 10 end
               wait = fn wait -> done.() || (Process.sleep(5); wait.(wait)) end
               wait.(wait)
               """

  test "a library in another place takes over, and the first one saves what it has" do
    path = tmp_dir()
    {paths, _native} = ChildVM.copied(path <> "-lib")
    {_paths, native} = ChildVM.copied(path <> "-lib2")
    on_exit(fn -> for n <- ["-lib", "-lib2"], do: File.rm_rf!(path <> n) end)
    ebin = Path.expand("../../ebin", Path.dirname(native))
    ChildVM.run!(@elsewhere, [path, ebin], paths: paths)
    assert_saved(path, 10, 5)
  end

  defp assert_saved(path, count, events) do
    recordings = PhoenixReplay.Storage.File.list(path: path)
    assert length(recordings) == count
    for recording <- recordings, do: assert(Session.check!(recording) == events)
  end

  # Searches are held, and calls are being made on dirty schedulers, by processes that are killed
  # for it when the code that they are in is purged.
  @in_use @prelude <>
            """
            {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
            pids = Session.start_many("s", 5, 5)
            {:ok, {directory, :etf}} = Directories.fetch(opts)
            filter = %PhoenixReplay.Native.Filter{contains: {:text, "e1"}}
            start = fn -> {:ok, search} = Nif.search_start(directory, filter); search end

            calls = fn calls ->
              Nif.search_step(directory, start.())
              Nif.store_ids(directory)
              Nif.query_facets(directory, filter)
              Nif.verify_files(directory)
              calls.(calls)
            end

            again = fn again ->
              {pid, ref} = spawn_monitor(fn -> calls.(calls) end)

              receive do
                {:DOWN, ^ref, _, _, _} -> again.(again)
                :stop -> Process.exit(pid, :kill)
              end
            end

            workers = for _ <- 1..4, do: spawn(fn -> again.(again) end)

            append = fn n ->
              for s <- 1..5, do: :ok = Store.append_event("s-\#{s}", Session.event("s-\#{s}", n))
            end

            for n <- 1..8 do
              held = start.()
              # Twice in a row, and then the old code is left or not.
              for _ <- 1..2 do
                :code.purge(Nif.Stubs)
                {:module, _} = :code.load_file(Nif.Stubs)
              end
              if rem(n, 2) == 0, do: :code.purge(Nif.Stubs)
              {_, _, _} = Nif.search_step(directory, held)
              append.(5 + n)
            end

            # With nobody who calls: the code server may hang where one does while there is none.
            for pid <- workers do
              ref = Process.monitor(pid)
              send(pid, :stop)
              receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
            end
            held = start.()
            :code.purge(Nif.Stubs)
            true = :code.delete(Nif.Stubs)
            :code.purge(Nif.Stubs)
            {:module, _} = :code.load_file(Nif.Stubs)
            {:error, :badarg} = Nif.search_step(directory, held)
            :erlang.garbage_collect()
            append.(14)

            for pid <- pids, do: Session.stop(pid)
            0 = Directories.run(opts, fn directory, _ -> Nif.store_drain(directory, 30_000) end)
            {:ok, %{running: 0, saved: 5}} = PhoenixReplay.Native.stats(opts)
            """

  test "code is purged while it is used: what its calls hold is given up, and all goes on" do
    path = tmp_dir()
    ChildVM.run!(@in_use, [path])
    assert_saved(path, 5, 14)
  end

  # Nothing of it is in use then, but for its threads.
  @unmapped @prelude <>
              """
              :ok = Native.init(opts)
              mapped = fn -> File.read!("/proc/self/maps") =~ "phoenix_replay_native.so" end
              true = mapped.()
              true = :code.delete(Nif.Stubs)
              :code.purge(Nif.Stubs)
              :erlang.garbage_collect()
              IO.inspect(mapped.(), label: "mapped")
              """

  test "the library stays where its threads are" do
    assert ChildVM.run!(@unmapped, [tmp_dir()]) =~ "mapped: true"
  end
end
