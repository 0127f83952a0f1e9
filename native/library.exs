defmodule PhoenixReplay.Native.Build.Library do
  @moduledoc false
  # Whether a file can be the native library of the VM that runs this: told from what is in it,
  # without loading it. Whether the system's loader likes it, which has a C library to find,
  # shows only then.

  # Of the loader's names, what the VM calls, and the module that it is loaded for.
  @entry ["\0nif_init\0", "\0_nif_init\0"]
  @module "Elixir.PhoenixReplay.Native.Nif.Stubs"

  @doc "`{:error, what}` with what it is instead."
  @spec check(Path.t()) :: :ok | {:error, String.t()}
  def check(path) do
    with {:ok, content} <- read(path),
         :ok <- shared_object(content),
         :ok <- machine(content, vm()) do
      cond do
        not has?(content, @entry) -> {:error, "is no library of NIFs: it has no nif_init"}
        not has?(content, [@module]) -> {:error, "is the library of NIFs of something else"}
        true -> :ok
      end
    end
  end

  defp read(path) do
    with {:error, posix} <- File.read(path),
         do: {:error, "can't be read: #{:file.format_error(posix)}"}
  end

  # ELF: the class at byte 4, the order of bytes at 5, the type at 16 (3 is a shared object),
  # the machine at 18.
  defp shared_object(<<0x7F, "ELF", _class, 1, _::80, 3::little-16, _::binary>>), do: :ok
  defp shared_object(<<0x7F, "ELF", _class, 2, _::80, 3::16, _::binary>>), do: :ok
  defp shared_object(<<0x7F, "ELF", _::binary>>), do: {:error, "is no shared object"}
  # Mach-O of 64 bits, and several of it in one file.
  defp shared_object(<<magic::32, _::binary>>) when magic in [0xCFFAEDFE, 0xCAFEBABE], do: :ok
  defp shared_object(_content), do: {:error, "is no library: neither ELF nor Mach-O"}

  defp machine(<<0x7F, "ELF", mine::2-bytes, _::96, machine::2-bytes, _::binary>>, vm) do
    case vm do
      <<0x7F, "ELF", ^mine::2-bytes, _::96, ^machine::2-bytes>> -> :ok
      <<0x7F, "ELF", _::binary>> -> {:error, "is for another kind of machine than this VM"}
      _unknown -> :ok
    end
  end

  defp machine(_content, _vm), do: :ok

  # The head of the program that runs; Linux alone tells which that is.
  defp vm do
    case File.open("/proc/self/exe", [:read, :raw, :binary], &:file.read(&1, 20)) do
      {:ok, {:ok, head}} -> head
      _ -> nil
    end
  end

  defp has?(content, texts), do: :binary.match(content, texts) != :nomatch
end
