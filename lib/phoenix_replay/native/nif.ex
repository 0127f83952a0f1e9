defmodule PhoenixReplay.Native.Nif do
  @moduledoc false
  # The calls of the native library, one group per Rust file, and the only way
  # to make them: each is guarded, see `Error.guard/1`, and answers
  # `{:error, reason}` also where its spec does not say so. Reasons are those of
  # `t:PhoenixReplay.Native.Error.reason/0`.

  alias PhoenixReplay.Native.{Error, Filter, Options, Refusal, Subject}

  import PhoenixReplay.Native.Nif.Guarded

  @typedoc """
  The number of a recording directory, which may be closed: then calls answer
  `{:error, :closed}`, and `PhoenixReplay.Native.Directories` opens it again.
  """
  @type directory :: non_neg_integer()

  # codec.rs

  @spec codec_encode(term()) :: {:ok, binary()} | {:error, Error.reason()}
  defguarded codec_encode(term)

  # The event `{0, :assigns, %{delta: delta}}` of what has changed, encoded.
  @spec codec_sanitize(map(), map(), [{module(), schema? :: boolean()}]) ::
          {:ok, binary()} | :refused | {:error, Error.reason()}
  defguarded codec_sanitize(changed, assigns, modules)

  @spec codec_decode(binary()) :: {:ok, term()} | {:error, Error.reason()}
  defguarded codec_decode(binary)

  @spec codec_panic() :: {:error, :panicked}
  defguarded codec_panic()

  @spec codec_compress(binary(), Options.compression()) :: binary()
  defguarded codec_compress(content, compression)

  # opening.rs

  # The native side takes the fields that it knows, by name (options.rs).
  @spec directory_opened(binary(), Options.t()) ::
          {:ok, directory(), differing :: [atom()]} | :closed | {:error, Error.reason()}
  defguarded directory_opened(path, options)

  @spec directory_open(binary(), Options.t()) ::
          {:ok, directory(), differing :: [atom()]} | :opening | {:error, Error.reason()}
  defguarded directory_open(path, options)

  @spec directory_named(binary()) :: boolean() | {:error, Error.reason()}
  defguarded directory_named(path)

  @spec directory_close(binary(), timeout_ms :: non_neg_integer()) ::
          {:ok, not_uploaded :: non_neg_integer()} | :again | :closing | {:error, Error.reason()}
  defguarded directory_close(path, timeout_ms)

  @spec directories_open() :: [{directory(), path :: binary()}] | {:error, Error.reason()}
  defguarded directories_open()

  @spec directories_release() :: non_neg_integer() | nil | {:error, Error.reason()}
  defguarded directories_release()

  # store.rs

  @type done :: :ok | {:error, Error.reason()} | Refusal.t()

  @spec store_save(directory(), map(), :etf | :json, Subject.t() | nil) :: done()
  defguarded store_save(directory, recording, format, subject)

  @typedoc """
  What is replaced of what this system does not have: identifiers of other nodes,
  functions as well, or atoms as well.
  """
  @type replaced :: :identifiers | :functions | :all

  @spec store_read(directory(), binary(), replaced()) ::
          {:ok, map()} | :elsewhere | {:error, Error.reason()}
  defguarded store_read(directory, id, replaced)

  # What is `:later` is sent to the caller as `{:replay_done, answer}`.
  @spec store_fetch(directory(), binary()) ::
          :later | {:ok, {:etf | :json, binary()}} | {:error, Error.reason()}
  defguarded store_fetch(directory, id)

  @spec store_decode(directory(), :etf | :json, binary(), replaced()) ::
          {:ok, map()} | {:error, Error.reason()}
  defguarded store_decode(directory, format, content, replaced)

  @spec store_upload(directory(), non_neg_integer()) :: :later | (left :: non_neg_integer())
  defguarded store_upload(directory, timeout_ms)

  @spec store_ids(directory()) :: {:ok, [binary()]} | {:error, Error.reason()}
  defguarded store_ids(directory)

  @spec store_delete(directory(), binary()) :: done()
  defguarded store_delete(directory, id)

  @spec store_clear(directory()) :: done()
  defguarded store_clear(directory)

  @spec store_count(directory()) :: non_neg_integer()
  defguarded store_count(directory)

  @spec store_count_hint(directory()) :: non_neg_integer()
  defguarded store_count_hint(directory)

  @spec store_drain(directory(), non_neg_integer()) :: left :: non_neg_integer()
  defguarded store_drain(directory, timeout_ms)

  @spec store_checkpoint(directory(), non_neg_integer()) :: left :: non_neg_integer()
  defguarded store_checkpoint(directory, timeout_ms)

  @spec store_slab(directory()) :: {used_bytes :: non_neg_integer(), bytes :: non_neg_integer()}
  defguarded store_slab(directory)

  @spec store_trim(directory()) :: :ok
  defguarded store_trim(directory)

  @spec store_take_damage(directory()) :: [{file :: binary(), reason :: binary()}]
  defguarded store_take_damage(directory)

  # query.rs

  @type found_page ::
          {:ok,
           {[tuple()], non_neg_integer(), binary() | nil,
            [{paths :: [binary()], complete? :: boolean()}] | nil}}
          | {:error, Error.reason()}

  @type found_facets ::
          {:ok,
           {views :: [{atom() | binary(), pos_integer()}], events :: [{binary(), pos_integer()}],
            paths :: [{binary(), pos_integer()}], subjects :: [{Subject.t(), pos_integer()}],
            [{day :: integer(), pos_integer()}]}}
          | {:error, Error.reason()}

  @spec query_page(
          directory(),
          Filter.t(),
          atom(),
          pos_integer() | nil,
          binary() | nil,
          with_paths? :: boolean()
        ) :: found_page()
  defguarded query_page(directory, filter, sort, limit, cursor, with_paths?)

  @spec query_facets(directory(), Filter.t()) :: found_facets()
  defguarded query_facets(directory, filter)

  # erase.rs

  @type erased ::
          {:ok,
           {ids :: [binary()], not_searched :: [{file :: binary(), reason :: binary()}],
            nodes :: %{confirmed: [String.t()], waiting: [String.t()]} | nil}}
          | {:error, Error.reason()}
          | Refusal.t()

  @spec store_delete_where(directory(), Filter.t(), non_neg_integer()) :: erased() | :later
  defguarded store_delete_where(directory, filter, timeout_ms)

  # search.rs

  @typedoc "A search for what is in recordings, which is done a part at a time."
  @opaque search :: reference()

  @spec search_needed(directory(), Filter.t()) :: boolean() | {:error, Error.reason()}
  defguarded search_needed(directory, filter)

  @spec search_start(directory(), Filter.t()) :: {:ok, search()} | {:error, Error.reason()}
  defguarded search_start(directory, filter)

  @spec search_step(directory(), search()) ::
          {checked :: non_neg_integer(), total :: non_neg_integer(), found :: non_neg_integer()}
          | :later
          | {:error, Error.reason()}
  defguarded search_step(directory, search)

  @spec search_page(
          search(),
          atom(),
          pos_integer() | nil,
          binary() | nil,
          with_paths? :: boolean()
        ) :: found_page()
  defguarded search_page(search, sort, limit, cursor, with_paths?)

  @spec search_facets(search()) :: found_facets()
  defguarded search_facets(search)

  @spec search_not_searched(directory(), search()) ::
          {:ok, [{file :: binary(), reason :: binary()}]} | {:error, Error.reason()}
  defguarded search_not_searched(directory, search)

  @spec search_erase(directory(), search(), Filter.t(), non_neg_integer()) :: erased() | :later
  defguarded search_erase(directory, search, filter, timeout_ms)

  @spec search_rewrite(directory(), search()) :: rewriting()
  defguarded search_rewrite(directory, search)

  # rewrite.rs

  @typedoc "Which file a recording is in, and which version of it."
  @type version ::
          {file :: binary(), bytes :: non_neg_integer(), modified_ns :: integer(),
           inode :: non_neg_integer()}

  @typedoc "Held by the process that changes recordings: when it is given up, that is over."
  @opaque begun :: reference()

  @type rewriting ::
          {:ok,
           {number :: non_neg_integer(), begun(), ids :: [binary()], in_flight :: [binary()]}}
          | {:error, Error.reason()}
          | Refusal.t()

  @spec rewrite_begin(directory(), Filter.t()) :: rewriting()
  defguarded rewrite_begin(directory, filter)

  @spec rewrite_read(directory(), binary(), replaced()) ::
          {:ok, map(), version()} | :in_flight | :elsewhere | {:error, Error.reason()}
  defguarded rewrite_read(directory, id, replaced)

  @spec rewrite_fetch(directory(), binary()) ::
          :later
          | {:ok, {:etf | :json, binary()}, version()}
          | :in_flight
          | {:error, Error.reason()}
  defguarded rewrite_fetch(directory, id)

  @spec rewrite_save(directory(), binary(), map(), version()) :: done() | :changed
  defguarded rewrite_save(directory, id, recording, version)

  @spec rewrite_drop(directory(), binary(), version()) :: done() | :changed
  defguarded rewrite_drop(directory, id, version)

  @spec rewrite_end(directory(), number :: non_neg_integer()) :: done()
  defguarded rewrite_end(directory, number)

  # stats.rs

  @spec store_stats(directory()) :: {:ok, map()} | {:error, Error.reason()}
  defguarded store_stats(directory)

  # verify.rs

  @spec verify_files(directory()) :: {:ok, [binary()]} | {:error, Error.reason()}
  defguarded verify_files(directory)

  @spec verify_batch(directory(), [binary()], repair :: boolean()) ::
          {checked :: pos_integer(), damaged :: [{binary(), binary()}],
           quarantined :: [{binary(), binary()}]}
  defguarded verify_batch(directory, files, repair)

  @spec verify_rebuild(directory()) :: :ok | {:error, Error.reason()}
  defguarded verify_rebuild(directory)

  # active.rs

  @typedoc "A recording in flight."
  @opaque active :: reference()

  @spec active_start(
          directory(),
          binary(),
          map(),
          non_neg_integer(),
          :etf | :json,
          Subject.t() | nil
        ) :: {:ok, active()} | :again | {:error, Error.reason()}
  defguarded active_start(directory, id, recording, max_events, format, subject)

  @spec active_start_dirty(
          directory(),
          binary(),
          map(),
          non_neg_integer(),
          :etf | :json,
          Subject.t() | nil
        ) :: {:ok, active()} | {:error, Error.reason()}
  defguarded active_start_dirty(directory, id, recording, max_events, format, subject)

  @typedoc "What the next event with assigns may refer to."
  @type base :: {non_neg_integer(), map()}

  @spec active_append(active(), tuple(), base() | nil) ::
          :ok | {:ok, base()} | :again | {:error, Error.reason()}
  defguarded active_append(active, event, base)

  @spec active_append_dirty(active(), tuple(), base() | nil) ::
          :ok | {:ok, base()} | {:error, Error.reason()}
  defguarded active_append_dirty(active, event, base)

  # active_changes.rs

  @typep recorded ::
           :ok
           | {:ok, base()}
           | :again
           | :refused
           | {:module, module()}
           | {:error, Error.reason()}

  @spec active_changes(active(), integer(), atom(), map(), map(), base() | nil) :: recorded()
  defguarded active_changes(active, offset, form, keys, values, base)

  @spec active_changes_dirty(active(), integer(), atom(), map(), map(), base() | nil) ::
          recorded()
  defguarded active_changes_dirty(active, offset, form, keys, values, base)

  @spec active_module(active(), module(), schema? :: boolean()) :: :ok
  defguarded active_module(active, module, schema?)

  # active.rs

  @spec active_subject(active(), Subject.t()) :: :ok | :again | {:error, Error.reason()}
  defguarded active_subject(active, subject)

  @spec active_subject_dirty(active(), Subject.t()) :: :ok | {:error, Error.reason()}
  defguarded active_subject_dirty(active, subject)

  @spec active_lookup(directory(), binary()) :: {:ok, active()} | {:error, :not_found}
  defguarded active_lookup(directory, id)

  @spec active_recording(active(), replaced()) :: {:ok, map()} | {:error, Error.reason()}
  defguarded active_recording(active, replaced)

  @spec active_finish(active()) :: {:ok, map()} | {:error, Error.reason()}
  defguarded active_finish(active)

  # notices.rs

  @spec notices_to(pid()) :: :ok
  defguarded notices_to(pid)
end
