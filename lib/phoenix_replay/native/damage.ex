defmodule PhoenixReplay.Native.Damage do
  @moduledoc false
  # Damaged files in the log.

  require Logger

  alias PhoenixReplay.Native.Nif

  @doc "Names each damaged file once, whoever comes across it, and returns `result`."
  @spec log(Nif.directory(), result) :: result when result: var
  def log(directory, result) do
    with damages when is_list(damages) <- Nif.store_take_damage(directory) do
      for {file, reason} <- damages, do: Logger.error(sentence(file, reason))
    end

    result
  end

  # What is not a recording is the index, which can be made from them.
  defp sentence(".native/" <> _ = file, reason),
    do: "PhoenixReplay: #{file} is damaged and is made anew: #{reason}"

  defp sentence(file, reason),
    do: "PhoenixReplay: the recording file #{file} can't be read: #{reason}"
end
