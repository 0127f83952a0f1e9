defmodule PhoenixReplay.Native.Search do
  @moduledoc false
  # Searches what is in recordings, some at a time, so that no call of the
  # native library takes long and the caller hears how far it is.

  alias PhoenixReplay.Native.{Awaited, Error, Filter, Nif, Progress}

  @doc "Whether recordings have to be read to tell which of them match."
  @spec needed?(Nif.directory(), Filter.t()) :: boolean()
  def needed?(_directory, %Filter{contains: {_kind, _needle}}), do: true
  def needed?(_directory, %Filter{url: nil, path: nil, subject: nil}), do: false
  # If it can't be told, those say why who are asked next.
  def needed?(directory, filter), do: Nif.search_needed(directory, filter) == true

  @doc "Reads all that the rest of the filter leaves."
  @spec run(Nif.directory(), Filter.t(), Progress.t()) ::
          {:ok, Nif.search()} | {:error, Error.reason()}
  def run(directory, filter, progress) do
    with {:ok, search} <- Nif.search_start(directory, filter),
         do: finish(directory, search, progress)
  end

  @doc "Reads all that a search has to."
  @spec finish(Nif.directory(), Nif.search(), Progress.t()) ::
          {:ok, Nif.search()} | {:error, Error.reason()}
  def finish(directory, search, progress) do
    step = fn -> Nif.search_step(directory, search) end

    with {checked, total, found} when is_integer(checked) <- Awaited.answer(step) do
      progress.(%{checked: checked, total: total, found: found})
      if checked < total, do: finish(directory, search, progress), else: {:ok, search}
    end
  end

  @doc "What can't be read, as `t:PhoenixReplay.Native.damage/0`."
  @spec not_searched(Nif.directory(), Nif.search()) :: {:ok, [map()]} | {:error, Error.reason()}
  def not_searched(directory, search) do
    with {:ok, pairs} <- Nif.search_not_searched(directory, search), do: {:ok, damages(pairs)}
  end

  @doc "Maps of pairs."
  @spec damages([{binary(), binary()}]) :: [map()]
  def damages(pairs), do: for({file, reason} <- pairs, do: %{file: file, reason: reason})
end
