defmodule PhoenixReplay.Native.Nif.Guarded do
  @moduledoc false
  # Defines the functions of `PhoenixReplay.Native.Nif`.

  alias PhoenixReplay.Native.Error
  alias PhoenixReplay.Native.Nif.Stubs

  @doc "A function that calls the stub of its name, guarded."
  defmacro defguarded({name, _meta, arguments}) do
    quote do
      def unquote(name)(unquote_splicing(arguments)) do
        Error.guard(fn -> Stubs.unquote(name)(unquote_splicing(arguments)) end)
      end
    end
  end
end
