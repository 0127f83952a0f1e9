defmodule PhoenixReplay.Native.Views do
  @moduledoc false
  # A recording decodes only when its atoms exist, and most of them come into
  # being when its LiveView is loaded, which in development happens on first
  # use. The name comes out of a file, so it must not become an atom by itself:
  # a module is loaded only if its compiled file is already on the code path.

  @doc """
  Loads the module with this name, as `inspect/1` writes it. Returns whether it
  is loaded now, that is, whether decoding again makes sense: another process
  may have loaded it a moment ago.
  """
  @spec load(String.t() | nil) :: boolean()
  def load(nil), do: false

  def load(name) do
    if name =~ ~r/\A[A-Z][A-Za-z0-9_.]{0,240}\z/ do
      load_beam(~c"Elixir." ++ String.to_charlist(name))
    else
      false
    end
  end

  defp load_beam(module_name) do
    case :code.where_is_file(module_name ++ ~c".beam") do
      :non_existing ->
        false

      path ->
        # The file exists, so the number of atoms made here is bounded by the
        # modules that were deployed.
        module = List.to_atom(module_name)

        :erlang.module_loaded(module) or
          match?({:module, ^module}, :code.load_abs(:filename.rootname(path)))
    end
  end
end
