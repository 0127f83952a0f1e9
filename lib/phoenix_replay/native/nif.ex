defmodule PhoenixReplay.Native.Nif do
  @moduledoc false
  # The calls of the native library, one group per Rust file, and the only way
  # to make them: each is guarded, see `Error.guard/1`, and answers
  # `{:error, reason}` also where its spec does not say so. Reasons are those of
  # `t:PhoenixReplay.Native.Error.reason/0`.

  alias PhoenixReplay.Native.{Error, Filter, Options, Refusal}

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

  @spec directory_close(binary(), timeout_ms :: non_neg_integer()) ::
          :ok | :again | :closing | {:error, Error.reason()}
  defguarded directory_close(path, timeout_ms)

  @spec directories_open() :: [{directory(), path :: binary()}] | {:error, Error.reason()}
  defguarded directories_open()

  @spec directories_release() :: non_neg_integer() | nil | {:error, Error.reason()}
  defguarded directories_release()

  # store.rs

  @type done :: :ok | {:error, Error.reason()} | Refusal.t()

  @spec store_save(directory(), map(), :etf | :json) :: done()
  defguarded store_save(directory, recording, format)

  @spec store_read(directory(), binary(), functions_as_text? :: boolean()) ::
          {:ok, map()} | {:error, Error.reason()}
  defguarded store_read(directory, id, functions_as_text?)

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

  @spec query_page(directory(), Filter.t(), atom(), pos_integer() | nil, binary() | nil) ::
          {:ok, {[tuple()], non_neg_integer(), binary() | nil}} | {:error, Error.reason()}
  defguarded query_page(directory, filter, sort, limit, cursor)

  @spec query_facets(directory(), Filter.t()) ::
          {:ok,
           {[{atom() | binary(), pos_integer()}], [{binary(), pos_integer()}],
            [{day :: integer(), pos_integer()}]}}
          | {:error, Error.reason()}
  defguarded query_facets(directory, filter)

  # erase.rs

  @spec store_delete_where(directory(), PhoenixReplay.Native.Filter.t()) ::
          {:ok, [binary()]} | {:error, Error.reason()} | Refusal.t()
  defguarded store_delete_where(directory, filter)

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

  @spec active_start(directory(), binary(), map(), non_neg_integer(), :etf | :json) ::
          {:ok, active()} | :again | {:error, Error.reason()}
  defguarded active_start(directory, id, recording, max_events, format)

  @spec active_start_dirty(directory(), binary(), map(), non_neg_integer(), :etf | :json) ::
          {:ok, active()} | {:error, Error.reason()}
  defguarded active_start_dirty(directory, id, recording, max_events, format)

  @typedoc "What the next event with assigns may refer to."
  @opaque base :: {non_neg_integer(), map()}

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

  @spec active_lookup(directory(), binary()) :: {:ok, active()} | {:error, :not_found}
  defguarded active_lookup(directory, id)

  @spec active_recording(active(), functions_as_text? :: boolean()) ::
          {:ok, map()} | {:error, Error.reason()}
  defguarded active_recording(active, functions_as_text?)

  @spec active_finish(active()) :: {:ok, map()} | {:error, Error.reason()}
  defguarded active_finish(active)

  # notices.rs

  @spec notices_to(pid()) :: :ok
  defguarded notices_to(pid)
end
