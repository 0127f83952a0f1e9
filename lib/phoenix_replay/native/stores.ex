defmodule PhoenixReplay.Native.Stores do
  @moduledoc false
  # From a user's options to the open directory behind them.
  #
  # Every callback gets the same keyword list, so the answer is kept under it
  # as a persistent term: a lookup without a copy, from any process, whether
  # or not `init/1` or an application has run. The native library opens each
  # directory once, however many processes ask at the same time.

  alias PhoenixReplay.Native.{Error, Nif, Options, Refusal}

  @type t :: {Nif.store(), :etf | :json}

  @spec fetch(keyword()) :: {:ok, t()} | {:error, Error.reason()}
  def fetch(opts) do
    case :persistent_term.get({__MODULE__, opts}, nil) do
      nil -> open(opts)
      store -> {:ok, store}
    end
  end

  defp open(opts) do
    with {:ok, options} <- Options.new(opts),
         opened = Nif.store_open(options.path, options),
         {:ok, store} <- Refusal.log(opened, "open #{options.path}") do
      store = {store, options.format}
      :persistent_term.put({__MODULE__, opts}, store)
      {:ok, store}
    end
  end
end
