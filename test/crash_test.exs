defmodule PhoenixReplay.Native.CrashTest do
  @moduledoc false
  # A child VM records with several writers and reports each event it has been
  # told is safe. It is killed at a random moment, again and again, on one
  # directory: while it appends, while it finalizes, while it recovers what the
  # one before left behind. In the end every recording must hold what was
  # reported, in order, once, and nothing of another.
  #
  # CRASH_ROUNDS makes it longer.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{ChildVM, Session}

  @rounds String.to_integer(System.get_env("CRASH_ROUNDS", "30"))
  @writers 6

  # Waits until it is told to go on, and prints "up" once the directory is open,
  # which is when recovery has begun.
  @child """
  [path, prefix, writers] = System.argv()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)
  "go on\\n" = IO.gets("")
  :ok = PhoenixReplay.Storage.Native.init(path: path)
  :ok = :file.write(:standard_io, "up\\n")
  PhoenixReplay.Native.Test.Session.writers(prefix, String.to_integer(writers))
  Process.sleep(:infinity)
  """

  @final """
  [path] = System.argv()
  opts = [path: path]
  :ok = PhoenixReplay.Storage.Native.init(opts)
  {:ok, {directory, _}} = PhoenixReplay.Native.Directories.fetch(opts)
  0 = PhoenixReplay.Native.Nif.store_drain(directory, 60_000)
  recovered = for %{recovered?: true} <- PhoenixReplay.Storage.Native.list_summaries(opts), do: 1
  IO.puts("recovered \#{length(recovered)}")
  """

  @tag timeout: 1_800_000
  test "no acknowledged event is lost, doubled, or mixed up by kill -9" do
    path = tmp_dir()

    # Each boots while the one before it runs.
    {acks, last} =
      for round <- 1..@rounds, reduce: {%{}, start(path, 1)} do
        {acks, port} ->
          next = start(path, round + 1)
          {merge(acks, run_and_kill(port)), next}
      end

    ChildVM.kill(last)
    ChildVM.await_exit(last)

    assert map_size(acks) > @rounds

    output = ChildVM.run!(@final, [path])
    assert output =~ ~r/recovered [1-9]/

    # By id; nothing but what was recorded, and each once.
    recordings = PhoenixReplay.Storage.File.list(path: path)
    events = Map.new(recordings, &{&1.id, Session.check!(&1)})
    for {id, acknowledged} <- acks, do: assert(events[id] >= acknowledged, id)
    ids = for recording <- recordings, do: recording.id
    assert ids == Enum.uniq(ids)
    assert Enum.all?(ids, &(&1 =~ ~r/\Ar\d+-\d+-\d+\z/))
    assert [] == Path.wildcard(Path.join(path, ".native/slab-*/*.bad"))
  end

  defp start(path, round),
    do: ChildVM.start(@child, [path, "r#{round}", "#{@writers}"], [:stderr_to_stdout, :nice])

  defp run_and_kill(port) do
    Port.command(port, "go on\n")
    ChildVM.await_line(port, "up")
    # One in four dies within the first moments, in the middle of recovery.
    Process.sleep(Enum.random(if :rand.uniform(4) == 1, do: 0..3, else: 30..700))
    ChildVM.kill(port)
    collect(port, %{})
  end

  # The highest number reported for each recording.
  defp collect(port, acks) do
    receive do
      {^port, {:data, {:eol, "ack " <> rest}}} ->
        [id, n] = String.split(rest, " ")
        collect(port, Map.update(acks, id, String.to_integer(n), &max(&1, String.to_integer(n))))

      # The last line may be cut by the kill: what it says is not counted.
      {^port, {:data, {:noeol, _}}} ->
        collect(port, acks)

      # The log may say how much was recovered, and nothing worse.
      {^port, {:data, {:eol, line}}} ->
        if line =~ "[error]",
          do: flunk("the child VM says: #{Enum.join([line | rest(port)], "\n")}")

        collect(port, acks)

      {^port, {:exit_status, _}} ->
        acks
    end
  end

  # What it says until it is dead.
  defp rest(port) do
    receive do
      {^port, {:data, {_, line}}} -> [line | rest(port)]
      {^port, {:exit_status, _}} -> []
    end
  end

  defp merge(a, b), do: Map.merge(a, b, fn _, x, y -> max(x, y) end)
end
