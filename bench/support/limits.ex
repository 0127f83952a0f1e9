defmodule Bench.Limits do
  @moduledoc """
  What the machine and the runtime need for the least that an operation has to
  do. A figure named `limit/…` has the operation as its native side and one of
  these as its baseline: its ratio says which part of the time is unavoidable.
  """

  @page 4096

  @doc "Writing a page to an open file and syncing it."
  @spec fdatasync(Bench.Run.t()) :: (() -> term())
  def fdatasync(run) do
    path = Path.join(Bench.Workspace.directory(run, "fdatasync"), "page")
    page = :binary.copy("x", @page)
    # The process that opens a file owns it, and each sample is taken in a
    # process of its own: so the time of opening is in here, some µs.
    fn ->
      {:ok, file} = :file.open(path, [:raw, :write, :read, :binary])
      :ok = :file.pwrite(file, 0, page)
      :ok = :file.datasync(file)
      :ok = :file.close(file)
    end
  end

  @doc "Copying as many bytes."
  @spec memcpy(binary()) :: (() -> term())
  def memcpy(bytes), do: fn -> :binary.copy(bytes) end

  @spec term_to_binary(term()) :: (() -> term())
  def term_to_binary(term), do: fn -> :erlang.term_to_binary(term) end

  @spec binary_to_term(binary()) :: (() -> term())
  def binary_to_term(bytes), do: fn -> :erlang.binary_to_term(bytes, [:safe]) end

  @doc "An insert under a key of its own into a table of the kind the host's store uses."
  @spec ets_insert(term()) :: (() -> term())
  def ets_insert(term) do
    table = :ets.new(:bench, [:ordered_set, :public, write_concurrency: true])
    counter = :counters.new(1, [])

    fn ->
      :counters.add(counter, 1, 1)
      # Bounded, so that it is the insert which is timed and not fresh memory.
      :ets.insert(table, {rem(:counters.get(counter, 1), 1024), term})
    end
  end

  @doc "A call into the native library that does next to nothing."
  @spec nif_call(Bench.Run.t()) :: (() -> term())
  def nif_call(run) do
    path = Bench.Workspace.directory(run, "empty")
    {:ok, {directory, _format}} = PhoenixReplay.Native.Directories.fetch(path: path)
    fn -> PhoenixReplay.Native.Nif.store_slab(directory) end
  end
end
