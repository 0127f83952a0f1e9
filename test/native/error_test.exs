defmodule PhoenixReplay.Native.ErrorTest do
  @moduledoc false
  # Each reason comes from somewhere, and is a sentence.
  use ExUnit.Case, async: false

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Error, InFlight, Nif, Store}
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  doctest Error

  @moduletag :capture_log

  setup do: configured()

  @reasons quote(
             do: [
               not_found:
                 {&get(&1, "nobody"), "no recording has this id; PhoenixReplay.Native.query/3"},
               too_large:
                 {&save(&1, max_recording_bytes: 1), ":max_recording_bytes allows; raise it"},
               ended: {&appended(&1, fn id -> Store.finalize(id) end), "has ended"},
               max_events: {&full/1, "has reached :max_events; raise it"},
               already_active: {&twice/1, "is being made; end that one first"},
               has_subject: {&subject(&1, [1, 2]), "somebody else"},
               invalid_subject: {&subject(&1, [""]), "a binary of 1 to 255 bytes"},
               id_changed: {&rewrite(&1, fn r -> {:ok, %{r | id: "b"}} end), "another id"},
               invalid_result: {&rewrite(&1, fn _ -> :done end), "must return {:ok, recording}"},
               changed:
                 {&rewrite(&1, fn r -> meddle(r) end),
                  "by others each time that it was read; call again"},
               raised: {&rewrite(&1, fn _ -> raise "x" end), "failed: RuntimeError"},
               badarg: {&nothing/1, "like this; see the documentation"},
               panicked: {&panic/1, "please report it"},
               wrong_storage: {&elsewhere/1, "is PhoenixReplay.Storage.File, not"},
               damaged: {&damaged/1, "bad.etf.gz is damaged; PhoenixReplay.Native.verify/2"},
               invalid_recording: {&broken/1, "the recording's connected_at can't be stored"},
               malformed: {&decode(&1, <<1>>), "not External Term Format, at byte 0"},
               unknown_atom: {&decode(&1, <<131, 119, 4, "\0\0no">>), "get/3 reads it with"},
               refused:
                 {&decode(&1, <<131, 116, 2::32, 97, 1, 97, 1, 97, 1, 97, 1>>), "not a term"},
               unknown_options:
                 {&save(&1, pth: 1), "unknown storage options [:pth], known are [:path"},
               invalid_option: {&save(&1, format: :xml), "option :format must be :etf or :json"},
               unknown_filters: {&query(&1, [veiw: 1], []), "unknown filters [:veiw], known are"},
               invalid_filter: {&query(&1, [url: 1], []), "the filter :url must be a binary"},
               unknown_page_keys: {&query(&1, [], page: 1), "of the page [:page], known are"},
               invalid_page: {&query(&1, [], limit: 0), "the page's :limit must be an integer"},
               page_keys_among_filters:
                 {&query(&1, [limit: 1], []), "second argument of query/3"},
               invalid_cursor: {&query(&1, [], cursor: "?"), "damaged, or of a query"},
               no_filters: {&erase/1, "everything; PhoenixReplay.Storage.Native.clear/1"},
               closed: {&closed/1, "the directory was closed; call again"},
               not_loaded: {&missing/1, "is not loaded: its module is not there; nothing is"},
               remote: {&unreachable/1, "the bucket can't be reached; what is here"},
               unsupported: {&without/1, "was built without buckets; set config"},
               in_flight: {&close/1, "running in the directory, or is not saved yet; close it"}
             ]
           )

  test "every reason of the type is in the table" do
    {:ok, types} = Code.Typespec.fetch_types(Error)
    [union] = for {:type, {:reason, {:type, _, :union, union}, []}} <- types, do: union
    names = Enum.flat_map(union, &name/1)
    assert length(names) > 20
    assert Enum.sort(names) == Enum.sort(Keyword.keys(@reasons))
  end

  defp name({:atom, _, name}), do: [name]
  defp name({:type, _, :tuple, [{:atom, _, name} | _]}), do: [name]
  defp name({:remote_type, _, [{:atom, _, File}, {:atom, _, :posix}, []]}), do: []

  defp named(reason) when is_tuple(reason), do: elem(reason, 0)
  defp named(reason), do: reason

  for {name, entry} <- @reasons do
    test "#{name}", %{opts: opts} do
      {cause, words} = unquote(entry)
      assert {:error, reason} = cause.(opts)
      assert named(reason) == unquote(name)
      assert Error.format(reason) =~ words
      assert_raise Error, Error.format(reason), fn -> raise Error, reason end
    end
  end

  test "what the system refuses comes with what to do", %{opts: opts} do
    File.write!(opts[:path], "a file")
    assert {:error, reason} = Native.stats(opts)

    assert Error.format(reason) ==
             "not a directory; a part of the :path is a file: use another one"

    for posix <- [:enospc, :edquot, :eacces, :eperm, :erofs, :emfile, :enfile, :eio] do
      assert [what, advice] = String.split(Error.format(posix), "; ")
      assert what =~ " " and advice =~ " "
    end

    assert Error.format(:no_such_code) == ":no_such_code"
  end

  defp get(opts, id), do: Native.get(id, [], opts)
  defp save(opts, more), do: Storage.save(recording(), opts ++ more)
  defp broken(opts), do: Storage.save(recording(connected_at: "now"), opts)
  defp decode(_opts, bytes), do: Nif.codec_decode(bytes)
  defp query(opts, filters, page), do: Native.query(filters, page, opts)
  defp erase(opts), do: Native.delete_where([id: ""], [], opts)
  defp panic(_opts), do: Nif.codec_panic()
  defp nothing(_opts), do: Nif.directory_opened(:no, :options)
  defp missing(_opts), do: Error.guard(fn -> apply(NoSuch.Module, :call, []) end)

  defp appended(_opts, before) do
    id = "appended"
    :ok = Store.start_recording(id, Session.recording(id))
    :ok = Store.append_event(id, Session.event(id, 1))
    before.(id)
    Store.append_event(id, Session.event(id, 2))
  end

  defp full(opts) do
    Application.put_env(:phoenix_replay, :max_events, 1)
    appended(opts, fn _id -> :ok end)
  after
    Application.delete_env(:phoenix_replay, :max_events)
  end

  defp twice(opts) do
    {:ok, _handle} = InFlight.start(Session.recording("a"), 10, opts)
    InFlight.start(Session.recording("a"), 10, opts)
  end

  defp subject(_opts, subjects) do
    :ok = Store.start_recording("a", Session.recording("a"))
    subjects |> Enum.map(&Store.put_subject("a", &1)) |> List.last()
  end

  defp rewrite(opts, fun) do
    :ok = Storage.save(recording(id: "a"), opts)
    {:ok, %{failed: [%{reason: reason}]}} = Native.rewrite([], fun, [], opts)
    {:error, reason}
  end

  defp meddle(recording) do
    other = %{recording | url: "http://localhost/#{System.unique_integer([:positive])}"}
    :ok = Storage.save(other, PhoenixReplay.Storage.storage_opts())
    {:ok, %{recording | url: nil}}
  end

  defp elsewhere(_opts) do
    Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.File)
    Store.finalize("a")
  end

  defp damaged(opts) do
    File.mkdir_p!(opts[:path])
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "no recording")
    get(opts, "bad")
  end

  defp closed(opts) do
    :ok = Storage.init(opts)
    {:ok, {directory, _format}} = Native.Directories.fetch(opts)
    :ok = Native.close(opts)
    Nif.store_stats(directory)
  end

  # The first is what remote_away_test.exs meets, the second what a library without buckets says.
  defp unreachable(_opts), do: {:error, {:remote, :unavailable}}

  defp without(opts) do
    case Native.stats(
           opts ++ [remote: "s3://bucket", remote_opts: [endpoint: "http://127.0.0.1:1"]]
         ) do
      {:ok, %{remote: %{}}} -> {:error, {:unsupported, :remote}}
      refused -> refused
    end
  end

  defp close(opts) do
    :ok = Store.start_recording("a", Session.recording("a"))
    Native.close(opts)
  end
end
