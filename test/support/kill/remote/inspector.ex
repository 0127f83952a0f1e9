defmodule PhoenixReplay.Native.Test.Kill.Remote.Inspector do
  @moduledoc false
  # A node that does nothing but what it does by itself, in a VM that has not had its directory open
  # before, and tells what it has.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.Kill.Content
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  # Nothing here takes so long.
  @patience_ms 120_000

  @doc """
  Runs in the child. The argument is the node's storage options, encoded. Each line is what is
  wanted and a file for the answer: `settle` is answered once all is uploaded and deleted, and the
  bucket has been looked at since, or with what is left; `look` with what is listed and read; `close`
  when it is closed.
  """
  def main([argument]) do
    opts = argument |> Base.decode64!() |> :erlang.binary_to_term()
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    # Atoms of recordings, the views of those in JSON among them, are those of this code.
    for module <- [Content, Session], do: Code.ensure_loaded!(module)
    :ok = Storage.init(opts)
    next(opts)
  end

  defp next(opts) do
    with line when is_binary(line) <- IO.gets("") do
      [what, file] = line |> String.trim() |> String.split(" ", parts: 2)

      answer =
        try do
          answer(what, opts)
        catch
          kind, reason -> {:failed, Exception.format(kind, reason, __STACKTRACE__)}
        end

      File.write!(file, :erlang.term_to_binary(answer))
      IO.puts("answered")
      next(opts)
    end
  end

  defp answer("settle", opts) do
    with :ok <- quiet(opts, now() + @patience_ms),
         {:ok, %{remote: %{requests: %{lists: lists}}}} = Native.stats(opts),
         :ok <- looked(opts, lists + 5, now() + @patience_ms),
         do: quiet(opts, now() + @patience_ms)
  end

  defp answer("look", opts) do
    listed = for %{id: id, active?: false} <- Storage.list_summaries(opts), do: id

    read =
      for id <- listed, into: %{} do
        case get(id, opts, now() + @patience_ms) do
          {:ok, recording} -> {id, Content.identify!(recording)}
          {:error, reason} -> {id, {:unreadable, reason}}
        end
      end

    {:ok, stats} = Native.stats(opts)
    {:ok, %{damaged: []}} = Native.verify([], opts)
    {:ok, %{listed: listed, read: read, stats: stats}}
  end

  defp answer("close", opts), do: Native.close(opts)

  # A server that is slow on a busy machine counts as away for a while.
  defp get(id, opts, deadline) do
    with {:error, {:remote, _away}} = error <- Native.get(id, [], opts) do
      wait(false, deadline, error, fn -> get(id, opts, deadline) end)
    end
  end

  defp quiet(opts, deadline) do
    {:ok, stats} = Native.stats(opts)

    left =
      [running: 0, waiting: 0, queue_length: 0, pending_uploads: 0]
      |> Keyword.filter(fn {key, wanted} -> stats[key] != wanted end)
      |> Keyword.keys()

    remote = Map.take(stats.remote, [:pending_deletes, :complete, :away])
    done? = left == [] and remote == %{pending_deletes: 0, complete: true, away: nil}
    wait(done?, deadline, {:left, Map.take(stats, left), remote}, fn -> quiet(opts, deadline) end)
  end

  defp looked(opts, lists, deadline) do
    {:ok, %{remote: remote}} = Native.stats(opts)
    done? = remote.requests.lists >= lists
    wait(done?, deadline, {:left, :looks, remote}, fn -> looked(opts, lists, deadline) end)
  end

  defp wait(true, _deadline, _left, _again), do: :ok

  defp wait(false, deadline, left, again) do
    if now() > deadline do
      left
    else
      Process.sleep(20)
      again.()
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
