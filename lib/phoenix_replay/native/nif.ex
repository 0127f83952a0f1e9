defmodule PhoenixReplay.Native.Nif do
  @moduledoc false
  # The stubs of the native library, one group per Rust file. Reasons are
  # those of `t:PhoenixReplay.Native.Error.reason/0`.

  alias PhoenixReplay.Native.Error

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

  # store.rs

  @spec store_open(binary(), pos_integer(), pos_integer()) ::
          {:ok, store()} | {:error, Error.reason()}
  def store_open(_path, _gzip_level, _max_recording_bytes), do: not_loaded()

  @spec store_save(store(), map(), :etf | :json) :: :ok | {:error, Error.reason()}
  def store_save(_store, _recording, _format), do: not_loaded()

  @spec store_read(store(), binary()) :: {:ok, map()} | {:error, Error.reason()}
  def store_read(_store, _id), do: not_loaded()

  @spec store_ids(store()) :: {:ok, [binary()]} | {:error, Error.reason()}
  def store_ids(_store), do: not_loaded()

  @spec store_summaries(store()) :: {:ok, [map()]} | {:error, Error.reason()}
  def store_summaries(_store), do: not_loaded()

  @spec store_delete(store(), binary()) :: :ok | {:error, Error.reason()}
  def store_delete(_store, _id), do: not_loaded()

  @spec store_clear(store()) :: :ok | {:error, Error.reason()}
  def store_clear(_store), do: not_loaded()

  @spec store_take_damage(store()) :: [{file :: binary(), reason :: binary()}]
  def store_take_damage(_store), do: not_loaded()

  defp not_loaded, do: :erlang.nif_error(:nif_not_loaded)
end
