defmodule PhoenixReplay.Native.Nif do
  @moduledoc false
  # The stubs of the native library, one group per Rust file. Reasons are
  # those of `t:PhoenixReplay.Native.Error.reason/0`.

  alias PhoenixReplay.Native.{Error, Filter, Options, Refusal}

  @on_load :load

  @typedoc "An open recording directory."
  @opaque store :: reference()

  @doc false
  def load do
    path =
      :filename.join(:code.priv_dir(:phoenix_replay_native), ~c"native/phoenix_replay_native")

    :erlang.load_nif(path, 0)
  end

  # codec.rs

  @spec codec_encode(term()) :: {:ok, binary()} | {:error, Error.reason()}
  def codec_encode(_term), do: not_loaded()

  @spec codec_decode(binary()) :: {:ok, term()} | {:error, Error.reason()}
  def codec_decode(_binary), do: not_loaded()

  @spec codec_compress(binary(), Options.compression()) :: binary()
  def codec_compress(_content, _compression), do: not_loaded()

  # store.rs

  # The native side takes the fields that it knows, by name (options.rs).
  @spec store_open(binary(), Options.t()) ::
          {:ok, store()} | {:error, Error.reason()} | Refusal.t()
  def store_open(_path, _options), do: not_loaded()

  @type done :: :ok | {:error, Error.reason()} | Refusal.t()

  @spec store_save(store(), map(), :etf | :json) :: done()
  def store_save(_store, _recording, _format), do: not_loaded()

  @spec store_read(store(), binary(), functions_as_text? :: boolean()) ::
          {:ok, map()} | {:error, Error.reason()}
  def store_read(_store, _id, _functions_as_text?), do: not_loaded()

  @spec store_ids(store()) :: {:ok, [binary()]} | {:error, Error.reason()}
  def store_ids(_store), do: not_loaded()

  @spec store_delete(store(), binary()) :: done()
  def store_delete(_store, _id), do: not_loaded()

  @spec store_clear(store()) :: done()
  def store_clear(_store), do: not_loaded()

  @spec store_count(store()) :: non_neg_integer()
  def store_count(_store), do: not_loaded()

  @spec store_count_hint(store()) :: non_neg_integer()
  def store_count_hint(_store), do: not_loaded()

  @spec store_drain(store(), non_neg_integer()) :: left :: non_neg_integer()
  def store_drain(_store, _timeout_ms), do: not_loaded()

  @spec store_checkpoint(store(), non_neg_integer()) :: left :: non_neg_integer()
  def store_checkpoint(_store, _timeout_ms), do: not_loaded()

  @spec store_slab(store()) :: {used_bytes :: non_neg_integer(), bytes :: non_neg_integer()}
  def store_slab(_store), do: not_loaded()

  @spec store_trim(store()) :: :ok
  def store_trim(_store), do: not_loaded()

  @spec store_take_damage(store()) :: [{file :: binary(), reason :: binary()}]
  def store_take_damage(_store), do: not_loaded()

  # query.rs

  @spec query_page(store(), Filter.t(), atom(), pos_integer() | nil, binary() | nil) ::
          {:ok, {[tuple()], non_neg_integer(), binary() | nil}} | {:error, Error.reason()}
  def query_page(_store, _filter, _sort, _limit, _cursor), do: not_loaded()

  @spec query_facets(store(), Filter.t()) ::
          {:ok,
           {[{atom() | binary(), pos_integer()}], [{binary(), pos_integer()}],
            [{day :: integer(), pos_integer()}]}}
          | {:error, Error.reason()}
  def query_facets(_store, _filter), do: not_loaded()

  # erase.rs

  @spec store_delete_where(store(), PhoenixReplay.Native.Filter.t()) ::
          {:ok, [binary()]} | {:error, Error.reason()} | Refusal.t()
  def store_delete_where(_store, _filter), do: not_loaded()

  # stats.rs

  @spec store_stats(store()) :: {:ok, map()} | {:error, Error.reason()}
  def store_stats(_store), do: not_loaded()

  # verify.rs

  @spec verify_files(store()) :: {:ok, [binary()]} | {:error, Error.reason()}
  def verify_files(_store), do: not_loaded()

  @spec verify_batch(store(), [binary()], repair :: boolean()) ::
          {checked :: pos_integer(), damaged :: [{binary(), binary()}],
           quarantined :: [{binary(), binary()}]}
  def verify_batch(_store, _files, _repair), do: not_loaded()

  @spec verify_rebuild(store()) :: :ok | {:error, Error.reason()}
  def verify_rebuild(_store), do: not_loaded()

  # active.rs

  @typedoc "A recording in flight."
  @opaque active :: reference()

  @spec active_start(store(), binary(), map(), non_neg_integer(), :etf | :json) ::
          {:ok, active()} | :again | {:error, Error.reason()}
  def active_start(_store, _id, _recording, _max_events, _format), do: not_loaded()

  @spec active_start_dirty(store(), binary(), map(), non_neg_integer(), :etf | :json) ::
          {:ok, active()} | {:error, Error.reason()}
  def active_start_dirty(_store, _id, _recording, _max_events, _format), do: not_loaded()

  @spec active_append(active(), tuple()) :: :ok | :again | {:error, Error.reason()}
  def active_append(_active, _event), do: not_loaded()

  @spec active_append_dirty(active(), tuple()) :: :ok | {:error, Error.reason()}
  def active_append_dirty(_active, _event), do: not_loaded()

  @spec active_lookup(store(), binary()) :: {:ok, active()} | {:error, :not_found}
  def active_lookup(_store, _id), do: not_loaded()

  @spec active_recording(active(), functions_as_text? :: boolean()) ::
          {:ok, map()} | {:error, Error.reason()}
  def active_recording(_active, _functions_as_text?), do: not_loaded()

  @spec active_finish(active()) :: {:ok, map()} | {:error, Error.reason()}
  def active_finish(_active), do: not_loaded()

  # notices.rs

  @spec notices_to(pid()) :: :ok
  def notices_to(_pid), do: not_loaded()

  defp not_loaded, do: :erlang.nif_error(:nif_not_loaded)
end
