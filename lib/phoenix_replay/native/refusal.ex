defmodule PhoenixReplay.Native.Refusal do
  @moduledoc false
  # What the operating system refused. The reason that a caller gets is a POSIX
  # code; the log names the step and the file as well.

  alias PhoenixReplay.Native.{Error, Messages}

  @type t :: {:error, File.posix(), detail :: String.t()}

  @doc """
  Logs a refusal of a step, and returns it as every other error. The detail names the
  file; what is opened is named by `path`.
  """
  @spec log(result | t(), Messages.step(), binary() | nil) :: result | {:error, Error.reason()}
        when result: var
  def log(result, step, path \\ nil)

  def log({:error, reason, detail}, step, path) do
    Messages.log(:refused, %{step: step, path: path, reason: reason, detail: detail})
    {:error, reason}
  end

  def log(result, _step, _path), do: result

  @doc "What telemetry is told of it."
  @spec metadata(term()) :: map()
  def metadata({:error, _reason, detail}), do: %{detail: detail}
  def metadata(_result), do: %{}
end
