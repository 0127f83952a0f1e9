defmodule PhoenixReplay.Native.Damage do
  @moduledoc false
  # Damaged files in the log.

  require Logger

  alias PhoenixReplay.Native.{Error, Nif}

  @doc "Names each damaged file once, whoever comes across it, and returns `result`."
  @spec log(Nif.store(), result) :: result when result: var
  def log(store, result) do
    with damages when is_list(damages) <- Error.guard(fn -> Nif.store_take_damage(store) end) do
      for {file, reason} <- damages do
        Logger.error("PhoenixReplay: the recording file #{file} can't be read: #{reason}")
      end
    end

    result
  end
end
