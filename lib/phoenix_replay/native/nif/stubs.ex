defmodule PhoenixReplay.Native.Nif.Stubs do
  @moduledoc false
  # The functions that the native library replaces when it is loaded. Called
  # through `PhoenixReplay.Native.Nif` alone, which also tells what they are.
  #
  # A library that can't be loaded, because it was built for another system, or
  # is cut off, must not stop an application from starting: the module is
  # loaded all the same, and its functions raise the reason.

  alias PhoenixReplay.Native.Nif

  @on_load :load

  @doc false
  def load do
    path =
      :filename.join(:code.priv_dir(:phoenix_replay_native), ~c"native/phoenix_replay_native")

    case :erlang.load_nif(path, 0) do
      :ok ->
        :persistent_term.erase(__MODULE__)
        :ok

      {:error, {_kind, text}} ->
        reason = List.to_string(text)
        # Code may be loaded before Elixir's own logger runs.
        :logger.error("PhoenixReplay: the native library is not loaded: ~ts", [reason])
        # An earlier load goes on where there is one.
        if :erlang.module_loaded(__MODULE__),
          do: {:error, :not_loaded},
          else: :persistent_term.put(__MODULE__, reason)
    end
  end

  for {name, arity} <- Nif.__info__(:functions) do
    def unquote(name)(unquote_splicing(Macro.generate_arguments(arity, __MODULE__))) do
      not_loaded()
    end
  end

  defp not_loaded do
    reason = :persistent_term.get(__MODULE__, "the library is not loaded")
    :erlang.nif_error({:not_loaded, reason})
  end
end
