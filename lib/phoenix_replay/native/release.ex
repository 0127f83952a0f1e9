defmodule PhoenixReplay.Native.Release do
  @moduledoc """
  Looking after recordings from a command line: by the Mix tasks
  `mix phoenix_replay.native.ls` and the like, and in a release, where there is no Mix.

      bin/my_app rpc 'PhoenixReplay.Native.Release.ls("--view MyAppWeb.CheckoutLive --limit 5")'
      bin/my_app eval 'PhoenixReplay.Native.Release.verify()'

  Each function takes what is written on the command line, as one string or as a list of
  strings, prints what people read, and returns `:ok`, or raises
  `PhoenixReplay.Native.Release.Failed` with a sentence that says why.

  The directory is that of `config :phoenix_replay, storage_opts:`, or of `--path`. Another
  one than the application's is opened without limits and without its bucket, so that nothing
  is deleted in it, and nothing of it goes anywhere.

  With `rpc` it is done by the running system, whose sessions in flight are then among the
  recordings. `eval`, as the tasks of Mix, is another process of the operating system, beside
  or without a running one; it does not see those sessions, and does not erase them.

  ## With a bucket

  A process that has just opened the directory waits first until all is known that is in its
  bucket. If nothing more becomes known for as long as `:drain_timeout_ms`, as when the bucket can't
  be reached, `export/1` and what `erase/1` shows fail, and `ls/1` and `search/1` go on with what is
  known, and say so on standard error. `erase/1` with `--yes` erases what is here, notes what is to be
  erased there, and fails: it is done when the bucket is back, by whoever opens the directory then.

  ## Filters

  `--view NAME`, `--url PART`, `--page PATH`, `--page-prefix PATH`, `--subject SUBJECT`,
  `--id BEGINNING`, `--from TIME`, `--to TIME`, `--min-events N`, `--max-events N`,
  `--min-duration-ms N`, `--max-duration-ms N`, `--event NAME`, `--active`, `--recovered`,
  `--truncated`, each also with `--no-` in front, `--contains TEXT` and `--contains-integer N`.

  They are those of `PhoenixReplay.Native.query/3`, where `--page` is `:path` and
  `--page-prefix` is `{:prefix, path}`, as `--path` is the directory. `--view`, `--event` and
  `--subject` may be given several times: one of them has to hold. A subject of digits is looked
  for as text and as an integer. TIME is a date or a time in ISO 8601, of UTC if it does not say.

  ## Pages

  `--sort newest|oldest|longest|most_events|largest`, `--limit 1..1000`, and `--cursor`, which is
  printed where there is more.
  """

  defmodule Failed do
    @moduledoc "What a function of `PhoenixReplay.Native.Release` could not do."
    defexception [:message]
    @type t :: %__MODULE__{message: String.t()}
  end

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.CLI.{Arguments, Known, Text}
  alias PhoenixReplay.Native.{Directories, Error, Nif, Options}
  alias PhoenixReplay.Storage.Native, as: Storage

  @type line :: String.t() | [String.t()]

  @shown 20
  @width 100

  @doc "Lists recordings. It takes filters and pages."
  @spec ls(line()) :: :ok
  def ls(line \\ []), do: command(line, [:filters, :page], 0, &list/1)

  @doc """
  Shows one recording, by its id: its summary and its events. `--limit N` shows the first N
  of these, `--full` each in full instead of on one line.

  Atoms that this system does not have are shown as text. An id that begins with `-` needs
  `--` in front of it: `show -- -OS-2vvj4mjtgEzRfYa7-A`.
  """
  @spec show(line()) :: :ok
  def show(line), do: command(line, [limit: :integer, full: :boolean], 1, &show_one/1)

  @doc "Finds recordings that have a text in them: reads all that the filters leave."
  @spec search(line()) :: :ok
  def search(line) do
    command(line, [:filters, :page], 1, fn %{rest: [text]} = arguments ->
      list(%{arguments | filters: [{:contains, text} | arguments.filters]})
    end)
  end

  @doc "Prints `PhoenixReplay.Native.stats/1`."
  @spec stats(line()) :: :ok
  def stats(line \\ []) do
    command(line, [], 0, fn %{opts: opts} ->
      with {:ok, stats} <- Native.stats(opts), do: print(Text.pairs(figures(stats)))
    end)
  end

  @doc "Reads every recording in full, and fails if some are damaged, which it names."
  @spec verify(line()) :: :ok
  def verify(line \\ []) do
    command(line, [], 0, fn %{opts: opts} ->
      with {:ok, %{checked: checked, damaged: damaged}} <-
             Native.verify([progress: progress("checked", :damaged)], opts) do
        for %{file: file, reason: reason} <- damaged,
            do: print([Text.text(file), ": ", reason, "\n"])

        if damaged == [],
          do: print("all #{checked} files are sound\n"),
          else: {:failed, "#{length(damaged)} of #{checked} files are damaged"}
      end
    end)
  end

  @doc """
  Writes recordings into another directory, as files of `--format etf` (default) or `json`,
  which the pure-Elixir backend reads as well. It takes filters.

  What can't be read is named, and the others are written. If it can't be known what all is in the
  bucket of the directory, none is.
  """
  @spec export(line()) :: :ok
  def export(line), do: command(line, [:filters, format: :string], 1, &export_to/1)

  @doc """
  Erases recordings for good, with `--yes`. Without, it lists what would be erased. It takes
  filters, at least one of them.
  """
  @spec erase(line()) :: :ok
  def erase(line), do: command(line, [:filters, yes: :boolean], 0, &erase_matching/1)

  defp command(line, takes, count, fun) do
    # `eval` loads no application, and so nothing of what configures one.
    _ = Application.load(:phoenix_replay)

    with {:ok, arguments} <- Arguments.parse(line, takes),
         :ok <- count(arguments.rest, count) do
      leaving_as_it_was(arguments.opts, fn -> fun.(arguments) end)
    end
    |> case do
      :ok -> :ok
      {:failed, why} -> raise Failed, message: why
      {:error, why} when is_binary(why) -> raise Failed, message: why
      {:error, reason} -> raise Failed, message: Error.format(reason)
    end
  end

  defp count(rest, count) when length(rest) == count, do: :ok
  defp count([], _one), do: {:error, "an argument is missing"}

  defp count(rest, count),
    do: {:error, "unexpected: #{rest |> Enum.drop(count) |> Enum.join(" ")}"}

  # In a running system it may be in use; else it is left in order.
  defp leaving_as_it_was(opts, fun) do
    {:ok, %{path: path}} = Options.new(opts)
    open = Nif.directories_open()
    was_open? = is_list(open) and List.keymember?(open, path, 1)
    result = fun.()
    unless was_open?, do: Directories.close_idle(path)
    result
  end

  defp list(%{filters: filters, page: page, opts: opts}) do
    with :ok <- known_or_told(opts),
         {:ok, found} <- Native.query(filters, [progress: progress("read", :found)] ++ page, opts) do
      if found.recordings == [], do: print("no recordings match\n"), else: print(listing(found))
      not_searched(Map.get(found, :not_searched, []))
    end
  end

  # What is known is of use all the same, to who knows that it is not all.
  defp known_or_told(opts) do
    with {:unknown, why} <- Known.wait(opts), do: IO.puts(:stderr, why)
  end

  defp known(opts) do
    with {:unknown, why} <- Known.wait(opts), do: {:failed, why}
  end

  defp listing(%{recordings: recordings, total: total, cursor: cursor}) do
    more = if cursor, do: "; for the next ones, --cursor #{cursor}", else: ""
    shown = if length(recordings) < total, do: "#{length(recordings)} of ", else: ""
    [Text.summaries(recordings), "#{shown}#{Text.recordings(total)}#{more}\n"]
  end

  defp not_searched([]), do: :ok

  defp not_searched(files) do
    print("not searched, as they can't be read:\n")
    for %{file: file, reason: why} <- files, do: print(["  ", Text.text(file), ": ", why, "\n"])
    :ok
  end

  defp show_one(%{rest: [id], switches: switches, opts: opts}) do
    with {:ok, recording} <- Native.get(id, [unknown_atoms: :strings], opts) do
      print(
        Text.pairs([
          {"id", Text.text(recording.id)},
          {"view", Text.view(recording.view)},
          {"url", Text.text(recording.url)},
          {"began", Text.time(recording.connected_at) <> " UTC"},
          {"events", to_string(length(recording.events))},
          {"params", short(recording.params, switches[:full])},
          {"session", short(recording.session, switches[:full])}
        ])
      )

      events = Enum.take(recording.events, switches[:limit] || length(recording.events))

      rows =
        for {offset, type, payload} <- events,
            do: ["#{offset} ms", to_string(type), short(payload, switches[:full])]

      print(["\n", Text.table(["offset", "type", "what"], rows)])
    end
  end

  defp short(term, true), do: inspect(term, limit: :infinity, printable_limit: :infinity)

  defp short(term, _short) do
    text = inspect(term, limit: 20, printable_limit: @width, width: :infinity)
    if String.length(text) > @width, do: String.slice(text, 0, @width - 1) <> "…", else: text
  end

  defp figures(stats) do
    for {key, value} <- stats |> Map.delete(:durability) |> Enum.sort(),
        pair <- figures(key, value),
        do: pair
  end

  # A bucket's are by themselves.
  defp figures(:remote, %{} = remote) do
    {requests, remote} = Map.pop!(remote, :requests)

    for {key, value} <- Enum.sort(remote) ++ Enum.sort(requests),
        do: {"remote #{key}", figure(key, value)}
  end

  defp figures(key, value), do: [{to_string(key), figure(key, value)}]

  defp figure(_key, nil), do: "-"
  defp figure(key, ms) when key in [:oldest_at, :newest_at], do: Text.time(ms) <> " UTC"

  defp figure(key, bytes)
       when key in [:bytes, :slab_used_bytes, :slab_total_bytes, :sent_bytes, :received_bytes],
       do: Text.size(bytes)

  defp figure(:away, {why, ms}), do: "#{why}, for #{div(ms, 1000)} s"

  defp figure(:evicted, limits) do
    # The order of a map's keys is another in each version of OTP.
    Enum.map_join(Enum.sort(limits), ", ", fn {limit, %{count: n}} -> "#{limit} #{n}" end)
  end

  defp figure(:save_us, us), do: Enum.map_join([:p50, :p90, :p99, :max], ", ", &"#{&1} #{us[&1]}")
  defp figure(_key, number), do: to_string(number)

  defp export_to(%{rest: [to], filters: filters, switches: switches, opts: opts}) do
    with {:ok, format} <- format(switches[:format] || "etf"),
         target = [path: to, format: format],
         {:ok, %{path: target_path}} <- Options.new(target),
         :ok <- elsewhere(target_path, opts),
         :ok <- known(opts) do
      result = export_pages(filters, nil, {0, 0}, target, opts)
      Directories.close_idle(target_path)

      with {written, failed} when is_integer(written) <- result do
        print("#{Text.recordings(written)} written to #{target_path}\n")

        if failed == 0,
          do: :ok,
          else: {:failed, "#{Text.recordings(failed)} could not be written"}
      end
    end
  end

  defp format("etf"), do: {:ok, :etf}
  defp format("json"), do: {:ok, :json}
  defp format(_other), do: {:error, "--format must be etf or json"}

  defp elsewhere(target, opts) do
    {:ok, %{path: path}} = Options.new(opts)
    if target == path, do: {:error, "#{target} is where the recordings are"}, else: :ok
  end

  defp export_pages(filters, cursor, counts, target, opts) do
    with {:ok, page} <- Native.query(filters, [limit: 1000, cursor: cursor], opts) do
      counts =
        Enum.reduce(
          page.recordings,
          counts,
          &count_written(export_one(&1, target, opts), &1.id, &2)
        )

      if page.cursor, do: export_pages(filters, page.cursor, counts, target, opts), else: counts
    end
  end

  # Of an unknown atom JSON keeps the text, as it does of all; a term of it would be
  # another one.
  defp export_one(%{id: id} = summary, target, opts) do
    unknown = if target[:format] == :json, do: :strings, else: :error

    with {:ok, recording} <- Native.get(id, [unknown_atoms: unknown], opts),
         do:
           Storage.save(recording, [subject: fn _ -> summary[:subject] end] ++ limitless(target))
  end

  defp limitless(target), do: target ++ [max_recordings: nil, max_age_ms: nil, max_bytes: nil]

  defp count_written(:ok, _id, {written, failed}), do: {written + 1, failed}

  # Deleted meanwhile.
  defp count_written({:error, :not_found}, _id, counts), do: counts

  defp count_written({:error, reason}, id, {written, failed}) do
    print([Text.text(id), ": ", Error.format(reason), "\n"])
    {written, failed + 1}
  end

  defp erase_matching(%{filters: []}),
    do: {:error, "a filter is needed; PhoenixReplay.Storage.Native.clear/1 deletes everything"}

  defp erase_matching(%{filters: filters, switches: switches, opts: opts}) do
    progress = [progress: progress("read", :found)]

    if switches[:yes] do
      # What is not known is erased, too, or the erasure fails.
      with :ok <- known_or_told(opts),
           {:ok, erased} <- Native.delete_where(filters, progress, opts) do
        print("#{Text.recordings(erased.count)} erased\n")
        nodes(erased[:nodes])
        not_searched(erased.not_searched)
      end
    else
      with :ok <- known(opts),
           {:ok, found} <- Native.query(filters, [limit: @shown] ++ progress, opts) do
        if found.recordings != [], do: print(Text.summaries(found.recordings))
        print("#{Text.recordings(found.total)} would be erased; --yes erases\n")
        not_searched(Map.get(found, :not_searched, []))
      end
    end
  end

  defp nodes(nil), do: :ok

  defp nodes(%{confirmed: confirmed, waiting: waiting}) do
    print("confirmed by #{names(confirmed)}\n")
    if waiting != [], do: print("not yet confirmed by #{names(waiting)}\n")
  end

  defp names([]), do: "no node"
  defp names(names), do: names |> Enum.sort() |> Enum.map_join(", ", &Text.text/1)

  # On standard error, where it is in nobody's way. Not more often than people read.
  defp progress(word, key) do
    fn %{checked: checked, total: total} = progress ->
      now = System.monotonic_time(:millisecond)
      last = Process.get(__MODULE__, now - 1000)

      if now - last >= 1000 or checked == total do
        Process.put(__MODULE__, now)
        IO.puts(:stderr, "#{word} #{checked} of #{total}, #{progress[key]} #{key}")
      end
    end
  end

  defp print(text), do: IO.write(text)
end
