defmodule PhoenixReplay.Native.Damage do
  @moduledoc false
  # Damaged files in the log.

  alias PhoenixReplay.Native.{Directories, Messages, Nif}

  @doc "Names each damaged file once, whoever comes across it, and returns `result`."
  @spec log(Nif.directory(), result) :: result when result: var
  def log(directory, result) do
    with [_ | _] = damages <- Nif.store_take_damage(directory) do
      path = Directories.path(directory)

      for {file, reason} <- damages,
          do: Messages.log(line(file), %{path: path, file: file, reason: reason})
    end

    result
  end

  # What is not a recording is the index, which can be made from them.
  defp line(".native/" <> _), do: :index_damaged
  defp line(_file), do: :damaged
end
