defmodule PhoenixReplay.Native do
  @moduledoc """
  What the native engine can do and the host has no word for.

  Every function takes the storage options last, by default those that are
  configured for the host, and returns `{:error, reason}` instead of raising;
  see `t:PhoenixReplay.Native.Error.reason/0`.

  ## Filters

  Everything that is given has to hold; without filters it is all recordings. Each
  can be given once: of which one of several has to hold is a list.

    * `:view`: a module, its name, or a list of them, of which it has to be
      one. nil stands for recordings without a view.
    * `:url`: a part of the URL of one of its pages, or of its own, byte for
      byte. Its own is what the recorder was given when it was attached:
      `"https://shop.test"`, without a path. Pages are what LiveView gives
      `handle_params/3`: `"https://shop.test/orders/7?tab=items"`.
    * `:path`: the path of one of its pages: `"/orders/7"`, whatever its query;
      path and query where there is a `?` in it: `"/orders/7?tab=items"`; or what
      both begin with: `{:prefix, "/orders/"}`. Byte for byte, as the browser sends
      it.
    * `:subject`: whom the session belongs to, a `t:subject/0` or a list of them, of
      which it has to be one. nil is refused: sessions that belong to nobody are not
      looked for, so that a user without an id erases nothing.
    * `:id`: the beginning of the id
    * `:from`, `:to`: a `DateTime` or Unix milliseconds; the session began at
      `:from` or later, and before `:to`
    * `:min_events`, `:max_events`: number of events, both inclusive
    * `:min_duration_ms`, `:max_duration_ms`: offset of the last event, both
      inclusive
    * `:event`: the name of a user's event, as `handle_event/3` gets it, or a
      list of them, of which one has to occur. Of a recording, the first 256
      distinct names of at most 255 bytes are known.
    * `:active`, `:recovered`, `:truncated`: whether it is still running, was
      cut off by a crash, reached `:max_events`
    * `:contains`: a text or an integer that is in the recording

  Of the pages of a recording, the first 64 are known that have a URL of at most
  512 bytes, less where they are long. Where it was on others, and what is known
  does not match, its file is read to decide, as for `:contains`. So it is with each
  recording that an earlier version of this library wrote down without its pages,
  until they have been read, which is done in the background once the directory is
  opened.

  ## Searching content

  The other filters need the index alone, unless they are about pages of which it does
  not have all. `:contains` has every recording read that the others leave,
  decompressed, and looked through by native threads, up to four; those in flight are
  read from memory.

      PhoenixReplay.Native.query(contains: "ada@example.com")
      PhoenixReplay.Native.query([contains: 4711], progress: &IO.inspect/1)

  It is found in the URL, params, session and the payload of every event, so in
  all assigns, and in fields that this library does not know; anywhere inside, keys
  of maps too. The id, the view, `connected_at`, and the offsets and types of events
  are not looked at.

    * A text, of 1 to 4096 bytes, is found where a binary, a charlist or the name of
      an atom has it as a part, byte for byte, and where an integer is written like it,
      digit for digit: `"4711"` finds `4711` and `"user-4711"`.
    * An integer, of up to 1024 digits, is found where an integer equals it, and in
      texts where no other digit is next to it: `4711` finds `"user-4711"`, and
      neither `47110` nor `"14711"`.

  Charlists are lists of integers from 0 to 255, as they are encoded in one block,
  up to 65 535 long, and each of the integers counts, too. Floats, pids and the like
  are not looked at; in closures what they have closed over is. What is compared is
  what `c:PhoenixReplay.Storage.get/2` reads, so in the JSON format that is what
  JSON keeps of a term: a charlist is numbers there, and a pid or a binary that is
  not UTF-8 is the text that `inspect/1` has for it.

  Which recordings are read is settled when the search begins; each counts as it is
  when it is read. One that is gone by then is left out, one that ended meanwhile is
  read in its file. One that can't be read stops nothing: it is named in
  `:not_searched`, see `t:not_searched/0`.
  """

  alias PhoenixReplay.Native.{Awaited, Damage, Directories, Error, Filter, Keys, Nif, Options}
  alias PhoenixReplay.Native.{Progress, Query, Reading, Refusal, Rewrite, Search, Verify}
  alias PhoenixReplay.{Recording, Storage}

  @typedoc """
  Whom a session belongs to, as the application names him: a binary of 1 to 255
  bytes or an integer of 64 bits. 4711 and `"4711"` are two different ones: it is
  looked for as it was given.

  Sessions get it by the function that `PhoenixReplay.Native.Recorder` or
  `PhoenixReplay.Native.Options` describes, or by
  `PhoenixReplay.Native.Store.put_subject/2`. It is kept in the file, beside the
  recording; who has the directory can read it. The pure-Elixir backend passes it
  by, and loses it where it saves a recording again.
  """
  @type subject :: binary() | integer()

  @typedoc "See [Filters](#module-filters)."
  @type filter ::
          {:view, module() | String.t() | nil | [module() | String.t() | nil]}
          | {:url, binary()}
          | {:path, binary() | {:prefix, binary()}}
          | {:subject, subject() | [subject()]}
          | {:id, binary()}
          | {:from, DateTime.t() | integer()}
          | {:to, DateTime.t() | integer()}
          | {:min_events, non_neg_integer()}
          | {:max_events, non_neg_integer()}
          | {:min_duration_ms, non_neg_integer()}
          | {:max_duration_ms, non_neg_integer()}
          | {:event, binary() | [binary()]}
          | {:active, boolean()}
          | {:recovered, boolean()}
          | {:truncated, boolean()}
          | {:contains, binary() | integer()}

  @typedoc """
  What orders recordings. The order is total: what is equal goes by id.
  `:oldest` is the reverse of `:newest`. `:largest` goes by bytes on disk; of a
  recording in flight, which is not there yet, by bytes before compression.
  """
  @type sort :: :newest | :oldest | :longest | :most_events | :largest

  @typedoc "Where a page ended, to go on from there; made of `[A-Za-z0-9_-]`."
  @type cursor :: String.t()

  @typedoc "What is said of a page, see `query/3`."
  @type page ::
          {:sort, sort()}
          | {:limit, 1..1000}
          | {:cursor, cursor() | nil}
          | {:paths, boolean()}
          | {:progress, (search_progress() -> any())}

  @typedoc """
  What a search through the content of recordings tells after each 50 milliseconds
  or so: how many of how many have been read, and how many of those are found.
  """
  @type search_progress :: %{
          checked: non_neg_integer(),
          total: non_neg_integer(),
          found: non_neg_integer()
        }

  @typedoc """
  What may be what was asked for, and nobody can tell, in the order of names: each
  damaged file, each that can't be read at the moment, here or in the bucket, those in
  `.native/quarantine/` and parts of the slab that were set aside, named within the
  directory, with the reason. `".native"` stands for recordings in flight that can't be
  read.
  """
  @type not_searched :: [damage()]

  @typedoc """
  As in `c:PhoenixReplay.Storage.list_summaries/1`. With `paths: true`, see
  `query/3`, it has `:paths`, too, and `paths_cut?: true` where these are not all.
  """
  @type summary :: map()

  @typedoc "See `t:stats/0`."
  @type evicted :: %{count: non_neg_integer(), bytes: non_neg_integer()}

  @typedoc """
  What `stats/1` returns. What is there now:

    * `:recordings`: recordings in their files
    * `:bytes`: the size of these files
    * `:oldest_at`, `:newest_at`: the first and the last `connected_at` among
      them, in Unix milliseconds; nil without any
    * `:durability`: what recordings outlive that are saved here, see
      `PhoenixReplay.Native.Options`
    * `:damaged`: files that can't be read as recordings
    * `:running`: recordings in flight that go on, `:waiting`: those that have
      ended and are not in their files yet
    * `:unreadable`: recordings in flight that an earlier run left and that can't
      be read; they are kept for the next start, and `clear/1` erases them
    * `:queue_length`: saves that are to be done or under way
    * `:slab_used_bytes`, `:slab_total_bytes`: disk and memory for recordings in
      flight, what they have claimed and all of it

  What has happened since this system opened the directory:

    * `:saved`: saves that succeeded
    * `:failed`: attempts to save that failed, `:retried`: those of them after
      which the engine planned another one
    * `:dropped`: recordings that ended without user events
    * `:recovered`: recordings that a crash of an earlier run had cut off, or
      kept from being saved
    * `:moved`: recordings in flight whose files were removed, or taken over by
      another node, and were made anew; `:gone`: those that could not be kept,
      because another node has them
    * `:evicted`: recordings that were deleted because more were there than are
      to be kept: by `:max_recordings`, `:max_age_ms` and `:max_bytes`, the
      `:count` of recordings and the `:bytes` of their files
    * `:erased`: recordings that were erased by request
    * `:quarantined`: damaged files that were moved away
    * `:save_us`: how long saves took, in microseconds: `:p50`, `:p90`, `:p99`
      and `:max`, within 1 %; 0 without any

  Of the bucket:

    * `:pending_uploads`: recordings that are to be put there; 0 without one
    * `:remote`: a `t:remote/0`, nil without one
  """
  @type stats :: %{
          recordings: non_neg_integer(),
          bytes: non_neg_integer(),
          oldest_at: integer() | nil,
          newest_at: integer() | nil,
          durability: PhoenixReplay.Native.Options.durability(),
          damaged: non_neg_integer(),
          running: non_neg_integer(),
          waiting: non_neg_integer(),
          unreadable: non_neg_integer(),
          queue_length: non_neg_integer(),
          slab_used_bytes: non_neg_integer(),
          slab_total_bytes: non_neg_integer(),
          saved: non_neg_integer(),
          failed: non_neg_integer(),
          retried: non_neg_integer(),
          dropped: non_neg_integer(),
          recovered: non_neg_integer(),
          moved: non_neg_integer(),
          gone: non_neg_integer(),
          evicted: %{max_recordings: evicted(), max_age_ms: evicted(), max_bytes: evicted()},
          erased: non_neg_integer(),
          quarantined: non_neg_integer(),
          save_us: %{
            p50: non_neg_integer(),
            p90: non_neg_integer(),
            p99: non_neg_integer(),
            max: non_neg_integer()
          },
          pending_uploads: non_neg_integer(),
          remote: remote() | nil
        }

  @typedoc """
  Of the bucket that a directory has, see `stats/1`:

    * `:pending_uploads`: recordings that are to be put there
    * `:pending_deletes`: deletions that are to be carried out there
    * `:objects`: recordings that it has, `:elsewhere`: those of them that are not here
    * `:unreadable`: objects that hold no recording that can be read
    * `:complete`: whether all is known that was there when the directory was opened
    * `:away`: nil, or why the bucket, or something of it, can't be used, and for how many
      milliseconds that has been so: reading, writing and deleting can be refused each for
      itself, and single recordings too
    * `:retaining`: whether it is this node that deletes what is beyond the limits
    * `:uploaded`: recordings uploaded since the directory was opened
    * `:requests`: what was asked of it since then, by kind, how many of these `:failed`,
      that something is not there included, and the bytes of their bodies
  """
  @type remote :: %{
          pending_uploads: non_neg_integer(),
          pending_deletes: non_neg_integer(),
          objects: non_neg_integer(),
          elsewhere: non_neg_integer(),
          unreadable: non_neg_integer(),
          complete: boolean(),
          away: nil | {Error.remote_fault(), ms :: non_neg_integer()},
          retaining: boolean(),
          uploaded: non_neg_integer(),
          requests: %{
            puts: non_neg_integer(),
            gets: non_neg_integer(),
            heads: non_neg_integer(),
            lists: non_neg_integer(),
            deletes: non_neg_integer(),
            failed: non_neg_integer(),
            sent_bytes: non_neg_integer(),
            received_bytes: non_neg_integer()
          }
        }

  @doc """
  The recording with this id, or why it can't be read.

      PhoenixReplay.Native.get("4x1F5sfmxsxIadPy39mHkw", unknown_atoms: :strings)

  As `c:PhoenixReplay.Storage.get/2`, and with `unknown_atoms: :strings` it reads
  recordings whose code is gone: of a module that was removed, with fields that
  have other names now. An atom that this system does not have, after it has tried
  to load the recording's view, is the string of its text then, wherever it is:
  `"draft"`, and `"Elixir.MyApp.Draft"` for the module. The `:view`, and what stands
  behind `:__struct__` in a map, is as `inspect/1` writes it, `"MyApp.DraftLive"`,
  as in summaries and in recordings in JSON. No atom is made.

  A map keeps all of its keys. Where two would become equal, as the unknown atom
  `a` and the string `"a"` of one map, the one that was no string is `":a"`; if that
  is there as well, `":2:a"`, and so on. Within keys that are lists, tuples or maps
  an unknown atom is written so if its text stands anywhere within such keys of the
  recording. The same holds for functions that are text.

  The file keeps what was recorded. Without the option, which is
  `unknown_atoms: :error`, such a recording is `{:error, {:unknown_atom, view}}`.

  Other errors are `:not_found`, `{:damaged, file}`, `:too_large`, `{:refused, offset}`,
  `{:invalid_option, :unknown_atoms, expected}`, and those of the storage options and
  the disk.

      iex> PhoenixReplay.Native.get("4x1F5sfmxsxIadPy39mHkw", unknown_atoms: :ignore)
      {:error, {:invalid_option, :unknown_atoms, ":error or :strings"}}
  """
  @spec get(binary(), [{:unknown_atoms, :error | :strings}], keyword()) ::
          {:ok, Recording.t()} | {:error, Error.reason()}
  def get(id, options \\ [], opts \\ Storage.storage_opts())

  def get(id, options, opts) when is_binary(id) do
    with {:ok, unknown_atoms} <- unknown_atoms(options) do
      on(opts, fn directory ->
        recording = Reading.read(directory, id, unknown_atoms)
        Damage.log(directory, recording)
      end)
    end
  end

  def get(_id, _options, _opts), do: {:error, :not_found}

  defp unknown_atoms([]), do: {:ok, :error}
  defp unknown_atoms(unknown_atoms: it) when it in [:error, :strings], do: {:ok, it}

  defp unknown_atoms(options) do
    case Keys.check(options, [:unknown_atoms]) do
      {:unknown, keys} -> {:error, {:unknown_options, keys, [:unknown_atoms]}}
      _known -> {:error, {:invalid_option, :unknown_atoms, ":error or :strings"}}
    end
  end

  @doc """
  A page of the recordings that match, and how many match in all.

      filters = [view: MyAppWeb.CheckoutLive, event: "pay"]
      {:ok, found} = PhoenixReplay.Native.query(filters, sort: :longest)

      found.recordings #=> [%{id: "…", view: MyAppWeb.CheckoutLive, duration_ms: 412_000, …}, …]
      found.total      #=> 1204
      PhoenixReplay.Native.query(filters, sort: :longest, cursor: found.cursor)

  It takes the [filters](#module-filters), and of the page `:sort` (default
  `:newest`), `:limit` (1 to 1000, default 50) and `:cursor`, the one that came with
  the page before, under the same filters and `:sort`. The cursor of the last page
  is nil. With `paths: true` each summary has its `:paths`: the distinct pages, with
  their queries, in the order in which they were first visited.

      {:ok, found} = PhoenixReplay.Native.query([path: {:prefix, "/orders/"}], paths: true)

      hd(found.recordings)
      #=> %{id: "…", url: "https://shop.test", paths: ["/orders", "/orders/7?tab=items"], …}

  A page of another scheme, host or port than the recording's own URL is the whole
  URL there.

  With `:contains`, all that the other filters leave is read for each page, so take
  as much of it as there may be; then `:progress` is called with a
  `t:search_progress/0` in the process of the caller, and the answer has
  `:not_searched` as well. So it is where `:url` or `:path` needs files to be read.
  Otherwise nothing is read, and there is no progress.

  Recordings may come and go between pages: those that were there all the time,
  and whose place in the order did not change, as it does while a session grows
  longer, are each on exactly one page.

  Sessions in flight are among the recordings once a user has done something.
  The filters `:event`, `:url` and `:path`, and `paths: true`, have to read those
  that nothing else rules out, some 170 KB in 0.1 ms.

  Errors are `{:unknown_filters, keys, known}`, `{:invalid_filter, key, expected}`,
  `{:page_keys_among_filters, keys}`, `{:unknown_page_keys, keys, known}`,
  `{:invalid_page, key, expected}`, `:invalid_cursor`, and those of the storage
  options and the disk.
  """
  @spec query([filter()], [page()], keyword()) ::
          {:ok,
           %{
             required(:recordings) => [summary()],
             required(:total) => non_neg_integer(),
             required(:cursor) => cursor() | nil,
             optional(:not_searched) => not_searched()
           }}
          | {:error, Error.reason()}
  def query(filters \\ [], page \\ [], opts \\ Storage.storage_opts()) do
    on(opts, fn directory ->
      with {:ok, {recordings, total, cursor, not_searched}} <-
             Query.page(directory, filters, page) do
        found = %{recordings: recordings, total: total, cursor: cursor}
        Damage.log(directory, {:ok, with_not_searched(found, not_searched)})
      end
    end)
  end

  @doc """
  How the recordings that match spread.

      {:ok, facets} = PhoenixReplay.Native.facets(from: ~U[2026-11-01 00:00:00Z])

      facets.views  #=> [{MyAppWeb.CheckoutLive, 1204}, {"Gone.Live", 3}]
      facets.events #=> [{"validate", 1100}, {"pay", 917}]
      facets.paths  #=> [{"/cart", 1180}, {"/checkout", 1102}]
      facets.subjects #=> [{4711, 310}, {"guest", 2}]
      facets.days   #=> [{~D[2026-11-23], 61}, {~D[2026-11-22], 408}]

  Counts are numbers of recordings. Views are given as in a summary, paths without
  their queries; all of them with the most recordings first, but for days, which are
  those of UTC, with the latest first. There are at most 1000 events, 1000 paths and
  1000 subjects. A recording counts for the pages that are known of it, see
  [Filters](#module-filters). One whose clock was beyond the years that `Date` knows
  is in no day.

  It takes the [filters](#module-filters) of `query/3` and has its errors for them.
  Sessions in flight are read as for the filter `:event`. Where recordings have to be
  read, `:progress` and `:not_searched` are as there.
  """
  @spec facets([filter()], [{:progress, (search_progress() -> any())}], keyword()) ::
          {:ok,
           %{
             required(:views) => [{module() | String.t() | nil, pos_integer()}],
             required(:events) => [{binary(), pos_integer()}],
             required(:paths) => [{binary(), pos_integer()}],
             required(:subjects) => [{subject(), pos_integer()}],
             required(:days) => [{Date.t(), pos_integer()}],
             optional(:not_searched) => not_searched()
           }}
          | {:error, Error.reason()}
  def facets(filters \\ [], options \\ [], opts \\ Storage.storage_opts()) do
    on(opts, fn directory ->
      with {:ok, filter} <- Filter.new(filters),
           {:ok, progress} <- Progress.new(options),
           {:ok, {views, events, paths, subjects, days}, not_searched} <-
             Query.facets(directory, filter, progress) do
        facets = %{views: views, events: events, paths: paths, subjects: subjects}
        facets = Map.put(facets, :days, dates(days))
        Damage.log(directory, {:ok, with_not_searched(facets, not_searched)})
      end
    end)
  end

  defp with_not_searched(found, nil), do: found
  defp with_not_searched(found, files), do: Map.put(found, :not_searched, files)

  @doc """
  Erases all recordings that match, such as those of a user who has a right to
  be forgotten.

      {:ok, %{count: 3, ids: ids, not_searched: []}} =
        PhoenixReplay.Native.delete_where(subject: 4711)

  It takes the [filters](#module-filters) of `query/3`, at least one of them:
  without any it is `{:error, :no_filters}`, and so it is with none but those that
  rule nothing out, as `id: ""`, `min_events: 0`, `from: 0` or `path: {:prefix, "/"}`
  do.
  `c:PhoenixReplay.Storage.clear/1` deletes everything.

  When it returns, what matched when it was called is gone: the files, the
  sessions in flight, which are not saved any more, their space in the slab,
  and every line about them in the index on disk. With the disk's cooperation
  that is, as for any file system: blocks of deleted files are free and not
  overwritten. A save that is under way at the same moment counts as before or
  as after. If the call is interrupted, by a crash or a power cut, or fails
  halfway, the next start of a system on this directory completes it.

  Where recordings have to be read, they are [searched](#module-searching-content)
  first, and `:progress` is called with a `t:search_progress/0` in the process of the caller;
  then exactly what was found is erased.

  Not erased is what can't be searched, with any filter: `:not_searched` names it,
  see `t:not_searched/0`. `verify/2` and `repair/2` tell more about damaged files;
  what is in `.native/quarantine/` is for somebody to look at, and to delete. Not
  erased, and not named, are sessions in flight on other nodes, those in the memory
  of the host's own recorder, and other files of a recording that somebody copied
  by hand. A session in flight is erased also if no user has done anything in it
  yet.

  With a bucket (see `PhoenixReplay.Native.Options`) the same holds for that, and for all
  nodes that share it, also for their sessions in flight. The call returns when the bucket
  is clean, and every node that is there has confirmed that it is, but waits no longer than
  `:drain_timeout_ms`. `:nodes` has the names of those that have `:confirmed`, this one among
  them, and of those that have not and are `:waiting`: they are down, or slow, and erase it when
  they next look. If the bucket can't be had, what is here is erased, what is there will be
  when it can, and the error is `{:remote, why}`.

  Other errors are `{:unknown_filters, keys, known}`,
  `{:invalid_filter, key, expected}`, `{:invalid_option, :progress, expected}`, and
  those of the storage options and the disk.
  """
  @spec delete_where([filter(), ...], [{:progress, (search_progress() -> any())}], keyword()) ::
          {:ok,
           %{
             required(:count) => non_neg_integer(),
             required(:ids) => [binary()],
             required(:not_searched) => not_searched(),
             optional(:nodes) => %{confirmed: [String.t()], waiting: [String.t()]}
           }}
          | {:error, Error.reason()}
  def delete_where(filters, options \\ [], opts \\ Storage.storage_opts()) do
    on(opts, fn directory ->
      with {:ok, filter} <- Filter.new(filters),
           {:ok, progress} <- Progress.new(options),
           {:ok, %{drain_timeout_ms: timeout_ms}} <- Options.new(opts),
           {:ok, {ids, files, nodes}} <- erase(directory, filter, progress, timeout_ms) do
        erased = %{count: length(ids), ids: ids, not_searched: Search.damages(files)}
        {:ok, if(nodes, do: Map.put(erased, :nodes, nodes), else: erased)}
      end
    end)
  end

  defp erase(directory, filter, progress, timeout_ms) do
    if Search.needed?(directory, filter) do
      with {:ok, search} <- Search.run(directory, filter, progress),
           do: erased(fn -> Nif.search_erase(directory, search, filter, timeout_ms) end)
    else
      erased(fn -> Nif.store_delete_where(directory, filter, timeout_ms) end)
    end
  end

  defp erased(call), do: Refusal.log(Awaited.answer(call), :erase)

  @typedoc "A file, named without its directory, and what is wrong with it, for people."
  @type damage :: %{file: String.t(), reason: String.t()}

  @typedoc """
  What `verify/2` and `repair/2` tell after each few files: how many of how many
  have been read, and how many of those are damaged.
  """
  @type progress :: %{
          checked: non_neg_integer(),
          total: non_neg_integer(),
          damaged: non_neg_integer()
        }

  @doc """
  Reads every recording in full and reports those that are damaged.

      {:ok, %{checked: 1204, damaged: [%{file: "4x1F….etf.gz", reason: "the file is empty"}]}} =
        PhoenixReplay.Native.verify(progress: &IO.inspect/1)

  Each file is decompressed, with its checksum, checked to its end as far as
  reading it needs, and compared with what the index knows of it. Nothing is changed. `:progress` is called with
  a `t:progress/0` in the process of the caller. Recordings that come or go
  meanwhile do no harm, and are not waited for; sessions in flight are not files.

  Errors are `{:invalid_option, :progress, expected}`, `{:unknown_options, keys, known}`,
  and those of the storage options and of reading the directory.
  """
  @spec verify([{:progress, (progress() -> any())}], keyword()) ::
          {:ok, %{checked: non_neg_integer(), damaged: [damage()]}} | {:error, Error.reason()}
  def verify(options \\ [], opts \\ Storage.storage_opts()) do
    on(opts, fn directory ->
      with {:ok, result} <- Verify.run(directory, false, options) do
        {:ok, Map.take(result, [:checked, :damaged])}
      end
    end)
  end

  @doc """
  As `verify/2`, moves damaged files to `.native/quarantine/` in the directory,
  and writes the index on disk anew.

      {:ok, %{checked: 1204, quarantined: [%{file: "4x1F….etf.gz"}], damaged: []}} =
        PhoenixReplay.Native.repair()

  Moved are files whose content will never be a recording. A file stays, and is
  among the `:damaged`, that was changed within the last 10 seconds, that can't
  be read at the moment, that is larger than `:max_recording_bytes` allows, or
  that the pure-Elixir backend reads. Moved
  files keep their name, with a number behind it if there is one already, are
  never listed or deleted, and telemetry hears of each.

  `:progress` and errors are those of `verify/2`.
  """
  @spec repair([{:progress, (progress() -> any())}], keyword()) ::
          {:ok,
           %{
             checked: non_neg_integer(),
             quarantined: [damage()],
             damaged: [damage()]
           }}
          | {:error, Error.reason()}
  def repair(options \\ [], opts \\ Storage.storage_opts()) do
    on(opts, fn directory ->
      with {:ok, result} <- Verify.run(directory, true, options),
           :ok <- Nif.verify_rebuild(directory) do
        {:ok, result}
      end
    end)
  end

  @typedoc """
  What `rewrite/4` tells after each recording: how many of how many it has been
  through, and how many of those could not be changed.
  """
  @type rewriting :: %{
          checked: non_neg_integer(),
          total: non_neg_integer(),
          failed: non_neg_integer()
        }

  @doc """
  Changes finished recordings, all that match, such as to mask what should not have
  been recorded.

      mask = fn recording -> {:ok, %{recording | session: %{}}} end
      {:ok, %{rewritten: 1204, failed: []}} = PhoenixReplay.Native.rewrite([], mask)

  It takes the [filters](#module-filters) of `query/3`; without any it is every
  recording. `fun` is called with each recording, one after the other, in the process
  of the caller, and returns

    * `{:ok, recording}`: this is written in its place. Its id may not be another
      one. Where nothing has changed, nothing is written, as with `:keep`.
    * `:keep`: it stays as it is
    * `:drop`: it is deleted for good, as `delete_where/3` does

  What is written keeps the format, the compression and the name of the file, and
  what is beside the recording: whom it belongs to, and whether it was recovered or
  truncated. It is read as `PhoenixReplay.Storage.Native.get/2` reads it, and what
  that can't give as it was recorded, pids of unknown nodes and functions that this
  system does not have, is written as it gives it. Other files of the same id are
  removed.

  A recording is the old one or the new one at any time, also after a crash; when the
  call returns nothing of the old ones is left in the directory, in the index on
  disk neither. An interrupted call has to be made again for those it did not reach.
  One that others save meanwhile is read again, and `fun` called again with it; only
  what another system saves in the very moment in which the file is replaced is not
  noticed.

      {:ok,
       %{
         rewritten: 1204,
         dropped: 3,
         kept: 12,
         failed: [%{id: "4x1F…", reason: {:raised, KeyError}}],
         in_flight: ["Kq8s…"]
       }}

  What could not be read or written, or what `fun` failed with, is among the
  `:failed`, each with a `t:PhoenixReplay.Native.Error.reason/0`, and the others go
  on; nothing of the recording is in it. `:in_flight` are the sessions that match and
  are not finished, or not saved yet: they are left alone, and it takes another call
  when they are. Sessions in flight on other nodes, or left by one that died and not
  recovered yet, are not among them, and are saved as they were recorded. Damaged and
  quarantined files, in which nothing can be looked for, are not changed: see
  `verify/2` and `repair/2`. With `:contains` the recordings are searched first.

  `:progress` is called with a `t:rewriting/0` after each recording. Errors are those
  of the filters, `{:invalid_option, :fun | :progress, expected}`, and those of the
  storage options and the disk.
  """
  @spec rewrite(
          [filter()],
          (Recording.t() -> {:ok, Recording.t()} | :keep | :drop),
          [{:progress, (rewriting() -> any())}],
          keyword()
        ) ::
          {:ok,
           %{
             rewritten: non_neg_integer(),
             dropped: non_neg_integer(),
             kept: non_neg_integer(),
             failed: [%{id: binary(), reason: Error.reason()}],
             in_flight: [binary()]
           }}
          | {:error, Error.reason()}
  def rewrite(filters, fun, options \\ [], opts \\ Storage.storage_opts()),
    do: Rewrite.run(filters, fun, options, opts)

  @doc """
  What is in the directory, and what has happened since it was opened.

      {:ok, %{recordings: 1204, running: 17, failed: 0, save_us: %{p99: 2_300}}} =
        PhoenixReplay.Native.stats()

  Reads no recording. The error is that of looking at the directory, or of
  opening it.
  """
  @spec stats(keyword()) :: {:ok, stats()} | {:error, Error.reason()}
  def stats(opts \\ Storage.storage_opts()), do: on(opts, &Nif.store_stats/1)

  @doc """
  Closes the directory, and gives back all that keeping it open takes: its index
  in memory, locks, descriptors, the space for recordings in flight.

  What has ended is saved first, for which it waits as long as
  `:drain_timeout_ms`. A directory in which recordings are still running, or
  could not be saved, stays open: `{:error, {:in_flight, count}}`. So does one
  that others go on reading for more than 5 seconds: `{:error, :etimedout}`.

  With a bucket it waits in what is left of that time until all is uploaded. What is not is
  kept, and uploaded when the directory is next opened; the log says how much that is.

  Closing one that is not open is `:ok`. Whoever uses the directory afterwards
  opens it again, with the options he gives; `stats/1` then counts from there. It
  need not be called: what is not used is closed after `:idle_timeout_ms` by itself,
  see `PhoenixReplay.Native.Options`.

      iex> PhoenixReplay.Native.close(path: "a/directory/that/nobody/has/opened")
      :ok
  """
  @spec close(keyword()) :: :ok | {:error, Error.reason()}
  def close(opts \\ Storage.storage_opts()), do: Directories.close(opts)

  @epoch Date.to_gregorian_days(~D[1970-01-01])
  @days Date.to_gregorian_days(~D[-9999-01-01])..Date.to_gregorian_days(~D[9999-12-31])

  defp dates(days) do
    for {day, count} <- days, (day + @epoch) in @days do
      {Date.from_gregorian_days(day + @epoch), count}
    end
  end

  defp on(opts, calls), do: Directories.run(opts, fn directory, _format -> calls.(directory) end)
end
