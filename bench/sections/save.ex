defmodule Bench.Sections.Save do
  @moduledoc """
  Storing a finished recording. The native side has synced it to the disk when
  `save/2` returns, unless it is said to be relaxed; the baseline has handed it to the
  kernel.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Limits, Peer, Run, Traffic, Workspace}

  # Recordings leave a file each, and large ones fill a disk.
  @max_calls %{tiny: 200, typical: 60, large: 4, fixtures: 60}

  # Processes that save at once, and how often each does in one call.
  @processes 8
  @each 5

  @impl true
  def run(run) do
    sessions = sessions()

    for {_, [recording | _]} <- sessions,
        backend <- [Backends.native(), Backends.baseline()] do
      Backends.check_save!(run, backend, recording)
    end

    for {name, originals} <- sessions do
      durations(run, name, originals)
      sizes(run, name, originals)
    end

    synced_baseline(run, sessions[:typical])
    for name <- [:tiny, :typical], do: relaxed(run, name, sessions[name])
    at_once(run, sessions[:tiny])
    compression(run, sessions[:typical])
    for {name, originals} <- sessions, do: zstd(run, name, originals)
    limits(run, sessions[:typical])
    peers(run, sessions[:typical])
  end

  defp sessions do
    profiles = for profile <- Traffic.profiles(), do: {profile, originals(profile)}
    profiles ++ [fixtures: Traffic.fixture_sessions(7)]
  end

  defp originals(profile), do: for(seed <- 1..4, do: Traffic.session(profile, seed))

  defp durations(run, name, originals) do
    Run.compare(run, "#{name}", "µs",
      native: saver(run, Backends.native(), originals),
      baseline: saver(run, Backends.baseline(), originals),
      max_calls: @max_calls[name],
      before: &Workspace.settle/0
    )
  end

  defp saver(run, backend, originals, opts \\ []) do
    opts = [path: Workspace.directory(run, "save")] ++ opts
    next = Backends.supply(originals)
    fn -> :ok = backend.save(next.(), opts) end
  end

  defp sizes(run, name, originals) do
    Run.report(
      run,
      "#{name}/gzip_size",
      "bytes",
      [mean_file_size(run, Backends.native(), originals)],
      [mean_file_size(run, Backends.baseline(), originals)],
      note: "of a recording's file, the mean of #{length(originals)}"
    )
  end

  defp mean_file_size(run, backend, originals) do
    path = Workspace.directory(run, "sizes")
    for recording <- originals, do: :ok = backend.save(recording, path: path)
    files = Path.wildcard(Path.join(path, "*.etf.gz"))
    Check.equal!(length(files), length(originals), "number of files")
    Enum.sum(Enum.map(files, &File.stat!(&1).size)) / length(files)
  end

  # What the baseline would need to give the same promise.
  defp synced_baseline(run, originals) do
    Run.compare(run, "typical/both_synced", "µs",
      native: saver(run, Backends.native(), originals),
      baseline: synced_saver(run, originals),
      max_calls: @max_calls.typical,
      before: &Workspace.settle/0,
      note: "the baseline is what the pure-Elixir backend does, and an fdatasync"
    )
  end

  # Neither side syncs.
  defp relaxed(run, name, originals) do
    Run.compare(run, "#{name}/relaxed", "µs",
      native: saver(run, Backends.native(), originals, durability: :relaxed),
      baseline: saver(run, Backends.baseline(), originals),
      max_calls: @max_calls[name],
      before: &Workspace.settle/0
    )
  end

  # The time of a save is that of all, divided by how many there were.
  defp at_once(run, originals) do
    ours = &saver(run, Backends.native(), originals, &1)
    theirs = saver(run, Backends.baseline(), originals)

    for {name, native, baseline, what} <- [
          {"alone", ours.([]), repeated(ours.([])), "the native side, one after the other"},
          {"both_synced", ours.([]), at_once(synced_saver(run, originals)),
           "the pure-Elixir backend, and an fdatasync"},
          {"relaxed", ours.(durability: :relaxed), at_once(theirs), "the pure-Elixir backend"}
        ] do
      Run.compare(run, "tiny/#{@processes}_at_once/#{name}", "µs",
        native: at_once(native),
        baseline: baseline,
        per: @processes * @each,
        max_calls: 5,
        before: &Workspace.settle/0,
        note: "#{@processes} processes save at once; the baseline is #{what}"
      )
    end
  end

  defp at_once(save) do
    fn ->
      tasks = for _ <- 1..@processes, do: Task.async(fn -> for _ <- 1..@each, do: save.() end)
      Task.await_many(tasks, :infinity)
    end
  end

  defp repeated(save), do: fn -> for _ <- 1..(@processes * @each), do: save.() end

  defp synced_saver(run, originals) do
    next = Backends.supply(originals)
    path = Workspace.directory(run, "synced")
    fn -> save_synced(next.(), path) end
  end

  defp save_synced(recording, path) do
    data = recording |> Map.from_struct() |> :erlang.term_to_binary() |> :zlib.gzip()
    {:ok, file} = :file.open(Path.join(path, recording.id <> ".etf.gz"), [:raw, :write, :binary])
    :ok = :file.write(file, data)
    :ok = :file.datasync(file)
    :ok = :file.close(file)
  end

  # Each side's compressor alone, at the level that its files are written with.
  defp compression(run, [original | _]) do
    encoded = :erlang.term_to_binary(Map.from_struct(original))

    Run.compare(run, "typical/gzip", "µs",
      native: fn -> PhoenixReplay.Native.Nif.codec_compress(encoded, {:gzip, 6}) end,
      baseline: fn -> :zlib.gzip(encoded) end
    )
  end

  # The native side against itself: what the other compression would give.
  defp zstd(run, name, originals) do
    encoded = for original <- originals, do: :erlang.term_to_binary(Map.from_struct(original))
    [ours, gzip] = for compression <- [{:zstd, 1}, {:gzip, 6}], do: compressor(compression)

    size = fn compress ->
      Enum.sum(for bytes <- encoded, do: byte_size(compress.(bytes))) / length(encoded)
    end

    time = fn compress -> fn -> Enum.each(encoded, compress) end end

    Run.report(run, "#{name}/zstd_size/gzip", "bytes", [size.(ours)], [size.(gzip)])

    Run.compare(run, "#{name}/zstd/gzip", "µs",
      native: time.(ours),
      baseline: time.(gzip),
      per: length(encoded),
      rounds: Run.pick(run, 5, 3)
    )
  end

  defp compressor(compression), do: &PhoenixReplay.Native.Nif.codec_compress(&1, compression)

  defp limits(run, originals) do
    [original | _] = originals
    encoded = :erlang.term_to_binary(Map.from_struct(original))

    limits = [
      fdatasync: Limits.fdatasync(run),
      term_to_binary: Limits.term_to_binary(Map.from_struct(original)),
      memcpy: Limits.memcpy(encoded)
    ]

    for {name, limit} <- limits do
      Run.compare(run, "limit/#{name}", "µs",
        native: saver(run, Backends.native(), originals),
        baseline: limit,
        max_calls: @max_calls.typical,
        before: &Workspace.settle/0
      )
    end
  end

  defp peers(run, originals) do
    Peer.each(run, fn name, peer, state ->
      Peer.check!(peer, state, hd(originals))
      next = Backends.supply(originals)

      Run.compare(run, "typical/#{name}", "µs",
        native: saver(run, Backends.native(), originals),
        baseline: fn -> peer.save(state, next.()) end,
        max_calls: 20,
        before: &Workspace.settle/0,
        note: "#{name} neither compresses nor syncs"
      )
    end)
  end
end
