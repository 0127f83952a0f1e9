defmodule PhoenixReplay.Native.Test.Kill.Ledger do
  @moduledoc false
  # What the workers of a VM have begun, and what they have been told is done. Each note is a
  # write of its own, so that the kernel has it whatever happens to the VM: what was begun is
  # noted before it is begun, what is acknowledged after that.

  @doc "Opens a worker's ledger. It belongs to the process that opens it."
  def open(directory, worker) do
    {:ok, file} = :file.open(Path.join(directory, worker), [:append, :raw, :binary])
    file
  end

  @doc "Notes a term."
  def note(file, term) do
    :ok = :file.write(file, [Base.encode64(:erlang.term_to_binary(term)), ?\n])
  end

  @doc "Does something between two notes, and returns what it returned."
  def during(file, operation, fun) do
    note(file, {:begin, operation})
    result = fun.()
    note(file, :done)
    result
  end

  @doc """
  The notes of each worker, in the order of their names: sessions, which begin with `a`,
  come first, and those that delete what others have made last, with `z`.
  """
  def read(directory) do
    for path <- Enum.sort(Path.wildcard(directory <> "/*")) do
      # What stands behind the last end of a line is empty, or was cut off.
      lines = path |> File.read!() |> String.split("\n") |> Enum.drop(-1)
      for line <- lines, do: line |> Base.decode64!() |> :erlang.binary_to_term()
    end
  end
end
