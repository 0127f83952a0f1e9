defmodule PhoenixReplay.Native.MessagesTest do
  @moduledoc false
  # Each line of the log is written by what it is about, and explained in the guide.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Fault, Messages, Refusal, Reporter, Shutdown, Store}
  alias PhoenixReplay.Native.Test.{ChildVM, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  @guide File.read!(Path.expand("../../guides/operations.md", __DIR__))

  setup do: configured()

  # The line, what is said in the guide for the parts of it, and what has it written.
  @lines quote(
           do: [
             opened: {%{}, &open/1},
             recovered: {%{}, &notice(&1, :recovered, %{count: 2}, %{})},
             erased: {%{}, &erase/1},
             drained: {%{}, &shut_down/1},
             remote_back: {%{}, &notice(&1, :remote_back, %{pending_uploads: 2}, %{})},
             left: {%{}, &shut_down/1},
             not_uploaded: {%{}, &not_uploaded/1},
             remote_away:
               {%{},
                &notice(&1, :remote_away, %{pending_uploads: 2}, %{
                  reason: {:remote, :unavailable}
                })},
             differing: {%{options: [:KEY]}, &differ/1},
             moved: {%{gone: 0}, &notice(&1, :moved, %{count: 2, gone: 0}, %{})},
             unsynced: {%{}, &notice(&1, :unsynced, %{}, %{reason: :einval, detail: "said"})},
             quarantined: {%{}, &repair/1},
             damaged: {%{}, &read_damaged/1},
             index_damaged: {%{file: ".native/index"}, &read_index/1},
             failed: {%{retry?: true}, &fail/1},
             set_aside: {%{}, &notice(&1, :set_aside, %{}, %{file: "0.seg", reason: "torn"})},
             not_erased: {%{}, &notice(&1, :not_erased, %{}, %{reason: :eio, detail: "said"})},
             not_started: {%{}, &start/1},
             unreadable: {%{}, &read/1},
             refused: {%{step: :save}, &refuse(&1, :save)},
             not_recorded: {%{}, &fault(&1, :not_recorded)},
             no_subject: {%{}, &subject/1},
             not_loaded: {%{}, &load/1}
           ]
         )

  @facts %{path: "PATH", file: "FILE", id: "ID", why: "WHY", detail: "WHY", reason: nil}
         |> Map.merge(%{count: "N", saved: "N", left: "N", gone: "N", attempt: "N"})
         |> Map.put(:pending_uploads, "N")

  # Where the reason is no reason of an operation, but a sentence.
  @sentences [:quarantined, :damaged, :index_damaged, :set_aside]

  test "every line is in the table" do
    assert Keyword.keys(@lines) == Keyword.keys(Messages.lines())
  end

  for {line, level} <- Messages.lines() do
    test "#{line} is written, with its level, and explained", %{opts: opts} do
      {facts, write} = unquote(@lines[line])
      "PhoenixReplay: " <> explained = text = placeholders(unquote(line), facts)
      assert @guide =~ "| `#{explained}` | #{unquote(level)} |"

      pattern = Regex.replace(~r/PATH|FILE|ID|WHY|REASON|KEY|\bN\b/, Regex.escape(text), ".+")
      {result, log} = with_log(fn -> write.(opts) end)
      # Of another VM it is the result.
      said = if is_binary(result), do: result, else: log
      assert said =~ ~r/\[#{unquote(level)}\] #{pattern}/
    end
  end

  for step <- Messages.steps() do
    test "that it can't #{step} is written, and explained", %{opts: opts} do
      facts =
        Map.merge(@facts, %{step: unquote(step), path: if(unquote(step) == :open, do: "PATH")})

      "PhoenixReplay: " <> explained = Messages.text(:refused, facts)
      assert @guide =~ "`#{explained}`"
      written = explained |> String.replace(~r/ PATH: WHY|: WHY/, "")
      assert capture_log(fn -> refuse(opts, unquote(step)) end) =~ "PhoenixReplay: #{written}"
    end
  end

  test "one is not several", %{opts: opts} do
    for {line, facts, text} <- [
          {:erased, %{count: 1}, "1 recording is erased in"},
          {:recovered, %{count: 1}, "1 recording that was cut off is recovered in"},
          {:drained, %{saved: 1}, "1 recording saved at shutdown"},
          {:left, %{left: 1}, "1 recording could not be saved in time"},
          {:moved, %{count: 1, gone: 2}, "the files of 1 recording in flight"}
        ] do
      assert Messages.text(line, Map.put(facts, :path, opts[:path])) =~ "PhoenixReplay: " <> text
    end
  end

  test "what the system refused is told with what to do", %{opts: opts} do
    assert capture_log(fn -> refuse(opts, :save) end) =~ "cannot write FILE; make space"
  end

  test "an id is no longer than a line, whatever it is" do
    for {id, text} <- [
          {String.duplicate("a", 10_000), ~s(recording "#{String.duplicate("a", 64)}…" can't)},
          {"line\nfeed", ~S(recording "line\nfeed" can't)},
          {%{secret: 1}, "recording without a proper id can't"}
        ],
        do: assert(Messages.text(:not_started, %{id: id, path: nil, reason: :eio}) =~ text)
  end

  defp placeholders(line, facts) do
    facts = Map.merge(@facts, facts)
    facts = if line in @sentences, do: %{facts | reason: "REASON"}, else: facts
    facts = if line == :refused, do: %{facts | path: nil}, else: facts
    Messages.text(line, facts)
  end

  defp open(opts), do: :ok = Storage.init(opts)

  defp notice(opts, event, measurements, metadata) do
    metadata = Map.put(metadata, :path, opts[:path])
    send(Reporter, {:replay_notice, opts[:path], {event, measurements, metadata}})
    _handled = :sys.get_state(Reporter)
  end

  defp erase(opts) do
    for _ <- 1..2, do: :ok = Storage.save(recording(), opts)
    told(:erased, fn -> {:ok, %{count: 2}} = Native.delete_where([max_events: 9], [], opts) end)
  end

  # It is told by a thread, some time after the fact, and to the log first.
  defp told(event, fun) do
    names = [[:phoenix_replay, :native, event]]
    :telemetry.attach_many(__MODULE__, names, &__MODULE__.pass_on/4, self())
    fun.()
    assert_receive ^event, 30_000
  after
    :telemetry.detach(__MODULE__)
  end

  @doc false
  def pass_on([_, _, event], _measurements, _metadata, pid), do: send(pid, event)

  defp shut_down(opts) do
    Application.put_env(:phoenix_replay, :storage_opts, opts ++ [drain_timeout_ms: 0])
    pids = Session.start_many("left", 2, 2)
    Shutdown.run()
    Enum.each(pids, &Session.stop/1)
    drained(opts)
  end

  # remote_away_test.exs has it written by what it is about.
  defp not_uploaded(opts), do: Messages.log(:not_uploaded, %{left: 2, path: opts[:path]})

  defp differ(opts) do
    open(opts)
    open(opts ++ [max_bytes: 1_000_000])
  end

  defp repair(opts) do
    damage(opts)
    told(:quarantined, fn -> {:ok, %{quarantined: [_]}} = Native.repair([], opts) end)
  end

  defp read_damaged(opts) do
    damage(opts)
    {:error, {:damaged, _file}} = Native.get("bad", [], opts)
  end

  defp damage(opts) do
    File.mkdir_p!(opts[:path])
    file = Path.join(opts[:path], "bad.etf.gz")
    File.write!(file, "no recording")
    File.touch!(file, System.os_time(:second) - 86_400)
  end

  defp read_index(opts) do
    :ok = Storage.save(recording(), opts)
    :ok = Native.close(opts)

    for file <- ~w(index index.log),
        do: File.write!(Path.join([opts[:path], ".native", file]), "none")

    [_] = Storage.list_summaries(opts)
  end

  defp fail(opts) do
    metadata = %{id: "a", reason: :enospc, detail: "cannot write", retry?: true}
    notice(opts, :failed, %{attempt: 3}, metadata)
  end

  defp start(_opts), do: :error = Store.start_recording("a", %{})

  defp read(opts) do
    # An atom that this VM does not have: of the same length as one that it has.
    fields = recording(id: "a", session: %{unreadable: 1}) |> Map.from_struct()
    bytes = fields |> :erlang.term_to_binary() |> String.replace("unreadable", "unreadabel")
    File.mkdir_p!(opts[:path])
    File.write!(Path.join(opts[:path], "a.etf.gz"), :zlib.gzip(bytes))
    :error = Storage.get("a", opts)
  end

  defp refuse(opts, :open) do
    File.write!(opts[:path], "a file")
    {:error, :enotdir} = Storage.init(opts)
  end

  defp refuse(opts, :list), do: [] = Storage.list(opts ++ [format: :xml])
  defp refuse(opts, :list_summaries), do: [] = Storage.list_summaries(opts ++ [format: :xml])

  defp refuse(_opts, step),
    do: {:error, :enospc} = Refusal.log({:error, :enospc, "cannot write FILE"}, step)

  defp fault(_opts, line) do
    task = Task.async(fn -> Fault.guard(line, :otherwise, fn -> raise "a secret" end) end)
    :otherwise = Task.await(task)
  end

  defp subject(opts) do
    :ok =
      Task.await(
        Task.async(fn -> Storage.save(recording(), opts ++ [subject: fn _ -> %{} end]) end)
      )
  end

  defp load(opts) do
    {paths, native} = ChildVM.copied(opts[:path] <> "-lib")
    File.rm!(native)
    code = "{:ok, _} = Application.ensure_all_started(:phoenix_replay_native)"
    ChildVM.run!(code, [], paths: paths)
  after
    File.rm_rf!(opts[:path] <> "-lib")
  end
end
