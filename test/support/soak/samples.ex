defmodule PhoenixReplay.Native.Test.Soak.Samples do
  @moduledoc false
  # What a VM holds, looked at again and again, and whether it levels off.

  alias PhoenixReplay.Native

  # Of what is measured: how much more it may be in the last third of the time than in the one
  # before, by the median of each. The share is for all; what is added to it is the noise of that
  # kind: a native thread more or less, a segment of the slab, a log before it is written anew.
  @tolerance 0.1
  @curves [
    rss: {"resident memory", "bytes", 8_000_000},
    descriptors: {"file descriptors", "", 8},
    threads: {"threads", "", 4},
    slab_total: {"slab, all of it", "bytes", 4_194_304},
    slab_used: {"slab, in use", "bytes", 1_048_576},
    files: {"files", "", 50},
    native: {"bytes in .native/", "bytes", 4_194_304},
    atoms: {"atoms", "", 20},
    processes: {"processes", "", 10}
  ]

  @doc "What it is now, of this VM and these directories."
  def take(directories) do
    status = File.read!("/proc/self/status")
    [_, kb] = Regex.run(~r/^VmRSS:\s+(\d+) kB$/m, status)
    [_, threads] = Regex.run(~r/^Threads:\s+(\d+)$/m, status)

    stats =
      for opts <- directories do
        {:ok, stats} = Native.stats(opts)
        stats
      end

    %{
      rss: String.to_integer(kb) * 1024,
      descriptors: length(File.ls!("/proc/self/fd")),
      threads: String.to_integer(threads),
      slab_total: Enum.sum(Enum.map(stats, & &1.slab_total_bytes)),
      slab_used: Enum.sum(Enum.map(stats, & &1.slab_used_bytes)),
      files: Enum.sum(for opts <- directories, do: length(files(opts[:path]))),
      native: Enum.sum(for opts <- directories, do: bytes(Path.join(opts[:path], ".native"))),
      atoms: :erlang.system_info(:atom_count),
      processes: :erlang.system_info(:process_count)
    }
  end

  defp files(path), do: Path.wildcard(path <> "/**", match_dot: true)

  # What is gone meanwhile counts nothing.
  defp bytes(path) do
    Enum.sum(
      for file <- files(path), {:ok, %{type: :regular, size: size}} <- [File.stat(file)], do: size
    )
  end

  @doc "What grows, as text; of pairs of a time in seconds and a sample, in order."
  def growing(samples) do
    {middle, last} = last_thirds(samples)

    for {key, {name, unit, noise}} <- @curves,
        {before, now} = {median(middle, key), median(last, key)},
        now > before * (1 + @tolerance) + noise,
        do: "#{name}: #{before} #{unit} in the middle third, #{now} #{unit} in the last one"
  end

  @doc "The medians of the middle and of the last third, as lines of text."
  def summary(samples) do
    {middle, last} = last_thirds(samples)

    for {key, {name, unit, _}} <- @curves,
        do: "#{name}: #{median(middle, key)} → #{median(last, key)} #{unit}"
  end

  # The first one is what everything takes to warm up.
  defp last_thirds(samples) do
    third = div(length(samples), 3)
    samples |> Enum.take(-2 * third) |> Enum.split(third)
  end

  @doc "As `bench/plot` draws it."
  def report(samples, machine) do
    curves =
      for {key, {name, unit, _}} <- @curves do
        %{name: name, unit: unit, points: for({at, sample} <- samples, do: [at, sample[key]])}
      end

    %{machine: machine, curves: curves}
  end

  defp median(samples, key) do
    values = samples |> Enum.map(fn {_, sample} -> sample[key] end) |> Enum.sort()
    Enum.at(values, div(length(values), 2))
  end
end
