defmodule PhoenixReplay.Native.Test.Kill.Inspector do
  @moduledoc false
  # Looks at directories that nobody else uses, in a VM that has not had them open before.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.Native.Test.Kill.Content
  alias PhoenixReplay.Storage.Native, as: Storage

  @doc """
  Runs in the child: for each line, an encoded list of directories, looks at all of them and
  says so. What was seen is in the file that each names.
  """
  def main([]) do
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    # The views of recordings in JSON are modules only where their names are atoms.
    Code.ensure_loaded!(Content)
    next()
  end

  defp next do
    with line when is_binary(line) <- IO.gets("") do
      jobs = line |> String.trim() |> Base.decode64!() |> :erlang.binary_to_term()
      jobs |> Task.async_stream(&inspect_one/1, timeout: :infinity) |> Stream.run()
      IO.puts("inspected")
      next()
    end
  end

  defp inspect_one(job) do
    report =
      try do
        look(job)
      catch
        kind, reason -> %{failed: Exception.format(kind, reason, __STACKTRACE__)}
      end

    File.write!(job.report, :erlang.term_to_binary(report))
  end

  defp look(%{opts: opts, keep: keep, close?: close?}) do
    :ok = Storage.init(opts)
    0 = Directories.run(opts, fn directory, _ -> Nif.store_drain(directory, 60_000) end)
    if keep != :all, do: evicted(opts, keep, 1200)
    {:ok, %{unreadable: 0, running: 0, waiting: 0}} = Native.stats(opts)

    listed = for %{id: id, active?: false} <- Storage.list_summaries(opts), do: id
    seen = for recording <- Storage.list(opts), do: {recording.id, Content.identify!(recording)}
    one_by_one = for id <- listed, {:ok, %{id: ^id}} <- [Storage.get(id, opts)], do: id
    {:ok, %{damaged: []}} = Native.verify([], opts)
    report = %{seen: Map.new(seen), listed: listed, readable: one_by_one}

    if close? do
      :ok = Native.close(opts)
      Map.put(report, :files, files(opts[:path]))
    else
      report
    end
  end

  defp evicted(opts, keep, tries) do
    if length(Storage.list_summaries(opts)) > keep do
      if tries == 0, do: raise("more than #{keep} recordings are kept")
      Process.sleep(50)
      evicted(opts, keep, tries - 1)
    end
  end

  @doc """
  All files below a directory, by their paths from there.

  But for what a node that was killed just then had of a slab: the lock that does not say yet
  whose it is, and nothing beside it. Somebody may be making it, so it is left for half a minute.
  """
  def files(path) do
    for file <- Path.wildcard(path <> "/**", match_dot: true),
        not File.dir?(file),
        not begun?(file),
        do: Path.relative_to(file, path)
  end

  defp begun?(file) do
    directory = Path.dirname(file)

    Path.basename(directory) =~ ~r/^slab-\d+$/ and File.ls!(directory) == ["lock"] and
      File.stat!(file).size == 0
  end
end
