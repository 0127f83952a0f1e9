defmodule PhoenixReplay.Native.TasksTest do
  @moduledoc false
  # What is done from a command line, through the tasks of Mix.
  use ExUnit.Case, async: false

  import ExUnit.CaptureIO
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Release
  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  @tasks ~w(ls show search stats verify export erase)

  setup do
    %{opts: opts} = configured()
    of = fn subject -> opts ++ [subject: fn _recording -> subject end] end
    at = 1_795_000_000_000
    :ok = Storage.save(recording(id: "first", connected_at: at), of.("ada"))

    :ok =
      Storage.save(recording(id: "second", connected_at: at + 86_400_000, events: 30), of.(4711))

    :ok = Storage.save(recording(id: "third", view: Gone.Live, connected_at: at + 1), opts)
    %{opts: opts}
  end

  # What a task prints, on standard output and error, or what it fails with.
  defp task(name, argv) do
    test = self()

    stderr =
      capture_io(:stderr, fn ->
        stdout =
          capture_io(fn ->
            Mix.Task.rerun("phoenix_replay.native." <> name, argv)
          end)

        send(test, {:stdout, stdout})
      end)

    assert_received {:stdout, stdout}
    {stdout, stderr}
  end

  defp failure(name, argv) do
    capture_io(:stderr, fn ->
      output =
        capture_io(fn ->
          send(
            self(),
            {:failure, catch_error(Mix.Task.rerun("phoenix_replay.native." <> name, argv))}
          )
        end)

      send(self(), {:output, output})
    end)

    assert_received {:failure, %Mix.Error{message: message}}
    assert_received {:output, output}
    {message, output}
  end

  defp ids(output), do: for([_, id] <- Regex.scan(~r/^(first|second|third) /m, output), do: id)

  test "ls: all of them, newest first" do
    {output, ""} = task("ls", [])
    assert ids(output) == ~w(second third first)
    assert output =~ ~r/^id +began \(UTC\) +lasted +events +view +subject$/m

    assert output =~
             ~r/^second +2026-11-19 11:06:40 +290 ms +30 +PhoenixReplay.Native.Test.FormLive +4711$/m

    assert output =~ ~r/^3 recordings$/m
  end

  # A task starts in a VM that has loaded next to nothing: `:longest` is no atom there yet.
  test "ls: sorted, as the first thing that a VM does", %{opts: opts} do
    code = """
    [path] = System.argv()
    PhoenixReplay.Native.Release.ls(["--path", path, "--sort", "longest", "--limit", "1"])
    """

    output = ChildVM.run!(code, [opts[:path]])
    assert ids(output) == ~w(second)
  end

  test "ls: what filters leave" do
    for {argv, ids} <- [
          {~w(--subject ada), ~w(first)},
          {~w(--subject 4711), ~w(second)},
          {~w(--subject ada --subject 4711), ~w(second first)},
          {~w(--view Gone.Live), ~w(third)},
          {~w(--from 2026-11-19), ~w(second)},
          {~w(--to 2026-11-19T00:00:00Z), ~w(third first)},
          {~w(--to 2026-11-19T00:00:00 --id f), ~w(first)},
          {~w(--min-events 10), ~w(second)},
          {~w(--no-recovered --max-duration-ms 100), ~w(third first)},
          {~w(--event validate --max-events 9), ~w(third first)},
          {~w(--sort most_events --limit 1), ~w(second)},
          {~w(--sort oldest), ~w(first third second)},
          {["--contains", "task 29"], ~w(second)}
        ] do
      {output, _progress} = task("ls", argv)
      assert {argv, ids(output)} == {argv, ids}
    end
  end

  test "ls: a page, and the next" do
    {output, ""} = task("ls", ~w(--limit 2))
    assert ids(output) == ~w(second third)

    assert [_, cursor] =
             Regex.run(~r/^2 of 3 recordings; for the next ones, --cursor (\S+)$/m, output)

    {output, ""} = task("ls", ["--limit", "2", "--cursor", cursor])
    assert ids(output) == ~w(first)
  end

  test "ls: nothing found, and what can't be shown" do
    assert task("ls", ~w(--id nobody)) == {"no recordings match\n", ""}
    :ok = Storage.save(recording(id: "\e[2J\n"), PhoenixReplay.Storage.storage_opts())
    {output, ""} = task("ls", [])
    refute output =~ "\e"
    assert output =~ ~S("\e[2J\n")
  end

  test "show: a recording and its events" do
    {output, ""} = task("show", ["second", "--limit", "3"])
    assert output =~ ~r/^view +PhoenixReplay.Native.Test.FormLive$/m
    assert output =~ ~r/^events +30$/m
    assert output =~ ~r/^10 ms +event +%\{name: "validate"/m
    refute output =~ "30 ms"
    {whole, ""} = task("show", ["second", "--full"])
    assert length(String.split(whole, "\n")) > 30
    assert {"no recording has this id; " <> _, ""} = failure("show", ["nobody"])
    assert failure("show", []) == {"an argument is missing", ""}
  end

  test "show: an id that begins as an option does", %{opts: opts} do
    :ok = Storage.save(recording(id: "-OS-2vvj"), opts)

    assert {"unknown option -OS-2vvj; if that is an id, write -- in front of it", ""} ==
             failure("show", ["-OS-2vvj"])

    assert {"id " <> _, ""} = task("show", ["--limit", "1", "--", "-OS-2vvj"])
  end

  test "search: recordings with a text in them, and how far it is" do
    {output, progress} = task("search", ["task 29", "--min-events", "1"])
    assert ids(output) == ~w(second)
    assert progress =~ "read 3 of 3, 1 found"
    {output, _progress} = task("search", ["nowhere"])
    assert output == "no recordings match\n"
  end

  test "search: what can't be read is named", %{opts: opts} do
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "no recording")
    {output, _progress} = task("search", ["task"])
    assert output =~ "not searched, as they can't be read:\n  bad.etf.gz: "
  end

  test "stats: figures" do
    {output, ""} = task("stats", [])
    assert output =~ ~r/^recordings +3$/m
    assert output =~ ~r/^bytes +[\d.]+ (B|KiB)$/m
    assert output =~ ~r/^newest_at +2026-11-19 11:06:40 UTC$/m
    assert output =~ ~r/^evicted +max_age_ms 0, max_bytes 0, max_recordings 0$/m
  end

  test "verify: sound, or not", %{opts: opts} do
    {output, progress} = task("verify", [])
    assert output == "all 3 files are sound\n"
    assert progress =~ "checked 3 of 3, 0 damaged"
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "no recording")
    assert {"1 of 4 files are damaged", "bad.etf.gz: " <> _} = failure("verify", [])
  end

  test "export: files in another directory, of either format", %{opts: opts} do
    for {format, more} <- [{:etf, []}, {:json, ~w(--format json)}] do
      to = tmp_dir()
      {output, ""} = task("export", [to, "--max-events", "9"] ++ more)
      assert output == "2 recordings written to #{to}\n"
      files = Path.wildcard(to <> "/*") |> Enum.map(&Path.basename/1)
      assert files == ["first.#{format}.gz", "third.#{format}.gz"]
      assert [_, _] = PhoenixReplay.Storage.File.list(path: to, format: format)
      assert {:ok, %{total: 1}} = Native.query([subject: "ada"], [], path: to)
      if format == :etf, do: assert(Storage.get("first", path: to) == Storage.get("first", opts))
    end
  end

  test "export: what can't be written is named, and no directory into itself", %{opts: opts} do
    # An atom that this VM does not have: of the same length as one that it has.
    fields = recording(id: "odd", view: nil, session: %{exporting: 1}) |> Map.from_struct()
    bytes = fields |> :erlang.term_to_binary() |> String.replace("exporting", "exportign")
    File.write!(Path.join(opts[:path], "odd.etf.gz"), :zlib.gzip(bytes))
    to = tmp_dir()
    assert {"1 recording could not be written", output} = failure("export", [to, "--id", "odd"])
    assert output =~ ~r/^odd: the recording mentions an atom that this system does not have/
    assert output =~ ~r/^0 recordings written to #{to}$/m
    # In JSON it is a text, as all are.
    {output, ""} = task("export", [to, "--id", "odd", "--format", "json"])
    assert output == "1 recording written to #{to}\n"

    assert {"#{opts[:path]} is where the recordings are", ""} == failure("export", [opts[:path]])
    assert {"--format must be etf or json", ""} == failure("export", [to, "--format", "xml"])
  end

  test "erase: shows what it would, and does with --yes", %{opts: opts} do
    {output, ""} = task("erase", ~w(--subject ada))
    assert ids(output) == ~w(first)
    assert output =~ "1 recording would be erased; --yes erases\n"
    assert length(Storage.list_summaries(opts)) == 3
    {output, ""} = task("erase", ~w(--subject ada --yes))
    assert output == "1 recording erased\n"
    assert Storage.get("first", opts) == :error
    assert length(Storage.list_summaries(opts)) == 2
    {output, ""} = task("erase", ~w(--subject ada --yes))
    assert output == "0 recordings erased\n"
  end

  test "erase: never everything", %{opts: opts} do
    assert {"a filter is needed" <> _, ""} = failure("erase", ["--yes"])
    assert {"a filter is needed" <> _, ""} = failure("erase", ["--yes", "--min-events", "0"])
    assert {"unexpected: first", ""} = failure("erase", ["--yes", "first"])
    assert length(Storage.list_summaries(opts)) == 3
  end

  for name <- @tasks do
    test "#{name}: a wrong option, directory or configuration is said", %{opts: opts} do
      argument = if unquote(name) in ~w(show search export), do: ["first"], else: []
      run = &failure(unquote(name), argument ++ &1)
      assert {"unknown option --pth; there are --path" <> _, ""} = run.(~w(--pth x))
      assert {"--path needs a value", ""} = run.(~w(--path))
      missing = opts[:path] <> "-missing"
      assert {"there is no directory #{missing}", ""} == run.(["--path", missing])
      refute File.exists?(missing)
      Application.put_env(:phoenix_replay, :storage_opts, opts ++ [fromat: :etf])
      assert {"unknown storage options [:fromat]" <> _, ""} = run.([])
      Application.delete_env(:phoenix_replay, :storage_opts)
      assert {"no :storage_opts are configured for :phoenix_replay; give --path", ""} == run.([])
    end

    test "#{name}: it says how it is used" do
      module = Module.concat(Mix.Tasks.PhoenixReplay.Native, unquote(Macro.camelize(name)))
      {:docs_v1, _, _, _, %{"en" => text}, _, _} = Code.fetch_docs(module)
      assert text =~ "    mix phoenix_replay.native.#{unquote(name)}"
      assert is_binary(Mix.Task.shortdoc(module))
    end
  end

  test "values that can't be are said" do
    for {argv, message} <- [
          {~w(--min-events many), ~s(--min-events can't be "many")},
          {~w(--from yesterday), "--from must be a date or a time in ISO 8601"},
          {~w(--sort best), "--sort must be one of newest, oldest, longest"},
          {~w(--limit 0), "the page's :limit must be an integer from 1 to 1000"},
          {~w(--cursor ?), "the cursor is damaged"},
          {~w(--id a --id b), "--id can be given once"},
          {~w(first), "unexpected: first"}
        ] do
      {said, ""} = failure("ls", argv)
      assert said =~ message
    end
  end

  test "another directory than the application's loses nothing to its limits", %{opts: opts} do
    Application.put_env(:phoenix_replay, :storage_opts, path: tmp_dir(), max_recordings: 1)
    :ok = Native.close(opts)
    {output, ""} = task("ls", ["--path", opts[:path]])
    assert ids(output) == ~w(second third first)
    assert length(Path.wildcard(opts[:path] <> "/*.etf.gz")) == 3
  end

  test "beside a running system, which is left as it is", %{opts: opts} do
    [pid] = Session.start_many("running", 1, 2)

    code = """
    [path] = System.argv()
    PhoenixReplay.Native.Release.ls(["--path", path])
    PhoenixReplay.Native.Release.erase("--id first --yes --path " <> path)
    """

    output = ChildVM.run!(code, [opts[:path]])
    assert ids(output) == ~w(second third first)
    assert output =~ "1 recording erased"
    assert Storage.get("first", opts) == :error

    # In the system itself, as by rpc.
    output = capture_io(fn -> Release.ls("--id run") end)
    assert output =~ ~r/^running-1 .*running$/m
    Session.stop(pid)
    drained(opts)
    assert {:ok, %{events: [_mount, _, _]}} = Storage.get("running-1", opts)
  end

  # As `eval` in a release that has no `config/runtime.exs`: nothing is loaded, and what
  # `sys.config` says of an application is known when that is.
  test "where no application is loaded, its configuration is read", %{opts: opts} do
    config = Path.join(tmp_dir(), "sys.config")
    File.mkdir_p!(Path.dirname(config))
    File.write!(config, :io_lib.format("~tp.~n", [[phoenix_replay: [storage_opts: opts]]]))
    vm = ["-config #{config}"]
    output = ChildVM.run!(~s|PhoenixReplay.Native.Release.ls("--id first")|, [], vm: vm)
    assert ids(output) == ~w(first)
  end

  test "a directory that was not open is closed again, and a failure is raised", %{opts: opts} do
    :ok = Native.close(opts)
    capture_io(fn -> Release.stats() end)
    refute List.keymember?(Native.Nif.directories_open(), opts[:path], 1)
    assert_raise Release.Failed, ~r/no recording has this id/, fn -> Release.show("nobody") end
  end
end
