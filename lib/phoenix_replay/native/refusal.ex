defmodule PhoenixReplay.Native.Refusal do
  @moduledoc false
  # What the operating system refused. The reason that a caller gets is a POSIX
  # code; the log names the step and the file as well.

  require Logger

  alias PhoenixReplay.Native.Error

  @type t :: {:error, File.posix(), detail :: String.t()}

  @doc "Logs a refusal as a failure to do `what`, and returns it as every other error."
  @spec log(result | t(), String.t()) :: result | {:error, Error.reason()} when result: var
  def log({:error, reason, detail}, what) do
    Logger.error("PhoenixReplay: can't #{what}: #{detail}")
    {:error, reason}
  end

  def log(result, _what), do: result

  @doc "What telemetry is told of it."
  @spec metadata(term()) :: map()
  def metadata({:error, _reason, detail}), do: %{detail: detail}
  def metadata(_result), do: %{}
end
