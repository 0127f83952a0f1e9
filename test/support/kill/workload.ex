defmodule PhoenixReplay.Native.Test.Kill.Workload do
  @moduledoc false
  # What goes on in a VM that will be killed: workers of several kinds, each a process that does
  # one thing after the other on recordings of its own, and notes it in its ledger. Only takers
  # delete what others have saved.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Kill.{Content, Ledger}
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  @stopping {__MODULE__, :stopping}

  # What was saved so many turns ago goes again, so that there is not the more to look at, the
  # longer a busy machine takes to kill.
  @turns_kept 10

  @doc """
  Runs in the child: opens its directories when it is told to, works until it is killed, or told
  to stop. The argument is an encoded map: `:run`, a name that no other run has; `:seed`;
  `:recording`, the options of the directory that sessions are recorded into; `:jobs`, the
  directories with options, roles, where the ledgers are, and perhaps `:pause_ms`, for how long each
  worker rests at most before its next turn.
  """
  def main([argument]) do
    job = argument |> Base.decode64!() |> :erlang.binary_to_term()
    Application.put_env(:phoenix_replay, :storage, Storage)
    if job.recording, do: Application.put_env(:phoenix_replay, :storage_opts, job.recording)
    # The views of recordings in JSON are modules only where their names are atoms.
    Code.ensure_loaded!(Content)
    "go on\n" = IO.gets("")
    IO.puts("up")

    # Which opens the directory that sessions are recorded into.
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    for directory <- job.jobs, do: :ok = Storage.init(directory.opts)

    workers =
      for directory <- job.jobs, {role, n} <- Enum.with_index(directory.roles) do
        context = %{
          opts: directory.opts,
          ledgers: directory.ledgers,
          name: "#{job.run}-#{role}#{n}",
          prefix: "#{job.run}-",
          pause_ms: directory[:pause_ms] || 0
        }

        spawn_monitor(fn ->
          :rand.seed(:exsss, {job.seed, n, :erlang.phash2(directory.ledgers)})
          work(role, context)
        end)
      end

    with "stop\n" <- IO.gets("") do
      :persistent_term.put(@stopping, true)
      for {pid, ref} <- workers, do: receive(do: ({:DOWN, ^ref, _, ^pid, _} -> :ok))
      Application.stop(:phoenix_replay_native)
    end
  end

  defp work(role, context) do
    prefix = if role in [:taker, :group_taker], do: "z", else: ""
    file = Ledger.open(context.ledgers, prefix <> context.name)
    context = Map.put(context, :file, file)

    try do
      loop(role, context, 1)
    catch
      kind, reason ->
        text = Exception.format(kind, reason, __STACKTRACE__)
        Ledger.note(file, {:violation, "#{context.name}: #{text}"})
    end
  end

  defp loop(role, context, k) do
    unless stopping?() do
      turn(role, context, k)
      if context.pause_ms > 0, do: Process.sleep(:rand.uniform(context.pause_ms))
      loop(role, context, k + 1)
    end
  end

  defp stopping?, do: :persistent_term.get(@stopping, false)

  # Saved, replaced in another format, deleted, saved again.
  defp turn(:saver, context, k) do
    id = "#{context.name}-#{k}"
    for version <- 1..:rand.uniform(3), do: save(context, id, version)

    if rem(k, 3) == 0 do
      delete(context, id)
      {:error, _not_there} = Native.get(id, [], context.opts)
      if rem(k, 2) == 0, do: save(context, id, 9)
    end

    old = k - @turns_kept
    if old > 0 and rem(old, 6) != 3, do: delete(context, "#{context.name}-#{old}")
  end

  # Some sessions go on until the VM dies, others end soon and are followed by a new one.
  defp turn(:recorder, context, k) do
    id = "#{context.name}-live-#{k}"
    {_pid, ref} = spawn_monitor(fn -> session(context, id, Enum.random([10, 40, 4_000])) end)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
  end

  defp turn(:rewriter, context, k) do
    group = "#{context.name}-#{k}-"
    ids = for n <- 1..6, do: "#{group}#{n}"
    for id <- ids, do: save(context, id, 1)

    change = fn recording ->
      {:saved, 1, _format} = Content.identify!(recording)
      {:ok, Content.recording(recording.id, 2)}
    end

    Ledger.during(context.file, {:rewrite, ids, 2}, fn ->
      {:ok, %{rewritten: 6}} = Native.rewrite([id: group], change, [], context.opts)
    end)

    if k > @turns_kept do
      old = "#{context.name}-#{k - @turns_kept}-"
      ids = for n <- 1..6, do: "#{old}#{n}"
      Ledger.during(context.file, {:erase, old, ids}, fn -> erase([id: old], context) end)
    end
  end

  # All that is of one group, in files, and where sessions are recorded also in flight.
  defp turn(role, context, k) when role in [:eraser, :live_eraser] do
    group = "#{context.name}-#{k}-"
    ids = for n <- 1..5, do: "#{group}#{n}"
    for id <- ids, do: save(context, id, 1)
    live = if role == :live_eraser, do: for(n <- 1..3, do: "#{group}live-#{n}"), else: []
    sessions = for id <- live, do: in_flight(context, id)

    filter = if rem(k, 2) == 0, do: [id: group], else: [contains: group]

    Ledger.during(context.file, {:erase, group, ids ++ live}, fn ->
      with count when is_integer(count) <- erase(filter, context),
           do: true = count == length(ids ++ live)
    end)

    for pid <- sessions, do: Process.exit(pid, :kill)
  end

  defp turn(:evicted, context, _k) do
    save(context, "#{context.name}-#{System.os_time(:microsecond)}", 1)
  end

  defp turn(:giver, context, k), do: save(context, "gift-#{context.name}-#{k}", 1)

  # Gifts of this VM and of the other one, half of them.
  defp turn(:taker, context, _k) do
    gifts = for %{id: "gift-" <> _ = id} <- Storage.list_summaries(context.opts), do: id

    for id <- Enum.take_random(gifts, div(length(gifts) + 1, 2)), do: delete(context, id)
  end

  # The last of a group is there when all are.
  defp turn(:group_giver, context, k) do
    group = "group-#{context.name}-#{k}-"
    for n <- 1..4, do: save(context, "#{group}#{n}", 1)
  end

  # Groups of this node and of others, each as a whole.
  defp turn(:group_taker, context, _k) do
    groups =
      for %{id: "group-" <> _ = id} <- Storage.list_summaries(context.opts),
          String.ends_with?(id, "-4"),
          do: String.trim_trailing(id, "4")

    for group <- Enum.take_random(groups, 1) do
      ids = for n <- 1..4, do: "#{group}#{n}"
      Ledger.during(context.file, {:erase, group, ids}, fn -> erase([id: group], context) end)
    end
  end

  # Whatever can be read is one of those that were saved, whole.
  defp turn(:reader, context, _k) do
    ids = for %{id: id} <- Storage.list_summaries(context.opts), do: id

    for id <- Enum.take_random(ids, 5) do
      with {:ok, recording} <- Storage.get(id, context.opts), do: Content.identify!(recording)
    end

    found = Native.query([contains: context.prefix], [limit: 5], context.opts)
    with {:error, reason} <- found, do: {:remote, _away} = reason
  end

  # How many were erased; or, with a bucket that can't be had, that it is done here, and will be there.
  defp erase(filter, context) do
    case Native.delete_where(filter, [], context.opts) do
      {:ok, %{count: count}} -> count
      {:error, {:remote, _away}} -> :later
    end
  end

  defp delete(context, id) do
    Ledger.during(context.file, {:delete, id}, fn -> :ok = Storage.delete(id, context.opts) end)
  end

  defp save(context, id, version) do
    # An object of another format that a crash has left in a bucket can pass for the newer one.
    format =
      if context.opts[:remote],
        do: Enum.at([:etf, :json], :erlang.phash2(id, 2)),
        else: Enum.random([:etf, :json])

    Ledger.during(context.file, {:save, id, version, format}, fn ->
      recording = Content.recording(id, version)
      :ok = Storage.save(recording, Keyword.put(context.opts, :format, format))
    end)
  end

  defp session(context, id, length) do
    file = Ledger.open(context.ledgers, "a-" <> context.name)
    Ledger.note(file, {:begin, {:session, id}})
    :ok = Store.start_recording(id, Session.recording(id))
    append(file, id, 1, length)
    :file.close(file)
  end

  defp append(_file, _id, n, length) when n > length, do: :ok

  defp append(file, id, n, length) do
    with false <- stopping?(), :ok <- Store.append_event(id, Session.event(id, n)) do
      Ledger.note(file, {:acked, id, n})
      append(file, id, n + 1, length)
    end
  end

  # Goes on while it is erased, and then is refused.
  defp in_flight(context, id) do
    parent = self()

    pid =
      spawn(fn ->
        file = Ledger.open(context.ledgers, "a-" <> id)
        Ledger.note(file, {:begin, {:session, id}})
        :ok = Store.start_recording(id, Session.recording(id))
        append(file, id, 1, 5)
        send(parent, {self(), :recorded})
        append(file, id, 6, 100)
        Process.sleep(:infinity)
      end)

    receive do: ({^pid, :recorded} -> pid)
  end
end
