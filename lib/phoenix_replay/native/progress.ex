defmodule PhoenixReplay.Native.Progress do
  @moduledoc false
  # Whom to tell how far something is that takes long.

  alias PhoenixReplay.Native.{Error, Keys}

  @type t :: (map() -> any())

  @doc "Nobody."
  @spec none() :: t()
  def none, do: fn _progress -> :ok end

  @doc "The function in options of which there is no other."
  @spec new([{:progress, t()}]) :: {:ok, t()} | {:error, Error.reason()}
  def new([]), do: {:ok, none()}
  def new(progress: fun) when is_function(fun, 1), do: {:ok, fun}

  def new(options) do
    case Keys.check(options, [:progress]) do
      {:unknown, keys} -> {:error, {:unknown_options, keys, [:progress]}}
      {:repeated, key} -> {:error, {:invalid_option, key, "given once"}}
      :no_keywords -> {:error, {:invalid_option, :options, "a keyword list"}}
      :ok -> {:error, {:invalid_option, :progress, "a function of one argument"}}
    end
  end
end
