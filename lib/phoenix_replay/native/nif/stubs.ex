defmodule PhoenixReplay.Native.Nif.Stubs do
  @moduledoc false
  # The functions that the native library replaces when it is loaded. Called
  # through `PhoenixReplay.Native.Nif` alone, which also tells what they are.
  #
  # A library that can't be loaded, because it was built for another system, or
  # is cut off, must not stop an application from starting: the module is
  # loaded all the same, and its functions raise the reason.

  alias PhoenixReplay.Native.{Messages, Nif}

  @on_load :load

  @not_loaded Messages.text(:not_loaded, %{why: "~ts"})

  @library ~c"native/phoenix_replay_native"

  @doc false
  def load do
    path = :filename.join(:code.priv_dir(:phoenix_replay_native), @library)

    with :ok <- whole(path),
         :ok <- :erlang.load_nif(path, 0) do
      :persistent_term.erase(__MODULE__)
      :ok
    else
      {:error, {_kind, text}} -> remember(List.to_string(text))
    end
  end

  defp remember(reason) do
    # Code may be loaded before Elixir's own logger runs, and before other modules.
    :logger.error(@not_loaded, [reason])

    # An earlier load goes on where there is one.
    if :erlang.module_loaded(__MODULE__),
      do: {:error, :not_loaded},
      else: :persistent_term.put(__MODULE__, reason)
  end

  # The system's loader maps what a file says that it has, and one that was cut
  # off while it was copied would kill the VM. The table of sections is its end
  # (ELF-64: its offset at byte 40, size and number of its entries at 58).
  defp whole(path) do
    file = path ++ ~c".so"

    with {:ok, <<0x7F, "ELF", 2, order, _::binary>> = head} when byte_size(head) == 64 <-
           head(file),
         {:ok, info} <- :file.read_file_info(file, [:raw]),
         true <- table_end(head, order) > elem(info, 1) do
      {:error, {:load_failed, ~c"'" ++ file ++ ~c"': file cut off"}}
    else
      # Everything else the loader finds out itself.
      _other -> :ok
    end
  end

  defp head(file) do
    with {:ok, device} <- :file.open(file, [:raw, :read, :binary]) do
      head = :file.read(device, 64)
      :file.close(device)
      head
    end
  end

  defp table_end(<<_::40-bytes, at::little-64, _::80, size::little-16, n::little-16, _::16>>, 1),
    do: at + size * n

  defp table_end(<<_::40-bytes, at::64, _::80, size::16, n::16, _::16>>, _big), do: at + size * n

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
