defmodule PhoenixReplay.Native.Reading do
  @moduledoc false
  # Making a recording of what the native library reads. Its atoms and functions
  # may not be here: then its view is loaded, which may bring them, and what is
  # missing still is replaced.

  alias PhoenixReplay.Native.{Awaited, Error, Nif, Views}
  alias PhoenixReplay.Recording

  # What every recording is made of, by the contract. Decoding makes no atoms, and
  # the modules that use these may not be loaded yet.
  @words [:id, :view, :url, :params, :session, :connected_at, :events] ++
           [:mount, :event, :handle_params, :info, :assigns] ++
           [:name, :delta, :snapshot]

  @doc false
  @spec words() :: [atom()]
  def words, do: @words

  @typedoc "What becomes of atoms that are not to be had."
  @type unknown_atoms :: :error | :strings

  @doc "Reads a recording, from the bucket where it is only there."
  @spec read(Nif.directory(), binary(), unknown_atoms()) ::
          {:ok, Recording.t()} | {:error, Error.reason()}
  def read(directory, id, unknown_atoms \\ :error),
    do: run(&content(directory, id, &1), unknown_atoms)

  defp content(directory, id, replaced) do
    with :elsewhere <- Nif.store_read(directory, id, replaced),
         {:ok, {format, content}} <- Awaited.answer(fn -> Nif.store_fetch(directory, id) end),
         do: Nif.store_decode(directory, format, content, replaced)
  end

  @doc "Reads a recording without asking a bucket: it may be `:elsewhere`."
  @spec here(Nif.directory(), binary()) ::
          {:ok, Recording.t()} | :elsewhere | {:error, Error.reason()}
  def here(directory, id), do: run(&Nif.store_read(directory, id, &1))

  @doc "Calls `read`, which may replace so much, until it succeeds."
  @spec run((Nif.replaced() -> {:ok, map()} | {:error, Error.reason()}), unknown_atoms()) ::
          {:ok, Recording.t()} | {:error, Error.reason()}
  def run(read, unknown_atoms \\ :error) do
    with {:error, {:unknown_atom, view}} <- read.(:identifiers),
         _loaded? = Views.load(view),
         {:error, {:unknown_atom, _view}} when unknown_atoms == :strings <- read.(:functions) do
      read.(:all)
    end
    |> case do
      {:ok, fields} -> {:ok, recording(fields)}
      error -> error
    end
  end

  @doc "The recording of what was read. Somebody may have written it down as a struct."
  @spec recording(map()) :: Recording.t()
  def recording(fields), do: struct(Recording, Map.delete(fields, :__struct__))
end
