defmodule Bench.Corpus do
  @moduledoc """
  Directories full of stored recordings, written by the pure-Elixir backend, as
  a user has them on the day of the switch.

  All of them are views of one collection: making a smaller one, or one more for
  an engine that has not seen it yet, makes hard links and writes no data.
  """

  alias Bench.{Backends, Report, Traffic, Workspace}

  # As many different sessions; the others repeat them under ids of their own.
  # Small ones are there to be looked for, so fewer of them are alike.
  @variety %{small: 1_024, tiny: 16, typical: 16, large: 16}

  @type profile :: Traffic.profile() | :small

  @doc """
  A new directory with `count` sessions of the profile, `:small` for those of
  `Bench.Traffic.small_session/1`. The path is new to the
  engine, so it has no index of it; the files are in the page cache.
  """
  @spec directory(Bench.Run.t(), profile(), pos_integer()) :: Path.t()
  def directory(run, profile, count) do
    source = source(run, profile, count)
    target = Workspace.directory(run, "#{profile}-#{count}")

    for number <- 1..count do
      name = "#{id(number)}.etf.gz"
      File.ln!(Path.join(source, name), Path.join(target, name))
    end

    target
  end

  @doc "The ids of such a directory."
  @spec ids(pos_integer()) :: [binary()]
  def ids(count), do: Enum.map(1..count, &id/1)

  @doc "All recordings of such a directory, in the order of their numbers and time."
  @spec recordings(profile(), pos_integer()) :: Enumerable.t()
  def recordings(profile, count) do
    originals = originals(profile)
    Stream.map(1..count, &renewed(originals, &1))
  end

  @doc "The recording with the number, as it was stored."
  @spec recording(profile(), pos_integer()) :: PhoenixReplay.Recording.t()
  def recording(profile, number) do
    profile
    |> original(rem(number, @variety[profile]))
    |> Traffic.renew({:corpus, number}, number)
  end

  defp original(:small, seed), do: Traffic.small_session(seed)
  defp original(profile, seed), do: Traffic.session(profile, seed)

  defp id(number), do: Traffic.id({:corpus, number})

  # Numbers that are there already are not written again.
  defp source(run, profile, count) do
    path = Path.join(run.workspace, "corpus-#{profile}")
    File.mkdir_p!(path)
    missing = Enum.reject(1..count, &File.exists?(Path.join(path, "#{id(&1)}.etf.gz")))
    if length(missing) > 500, do: Report.note("storing #{length(missing)} #{profile} sessions")
    write(missing, profile, path)
    Workspace.settle()
    path
  end

  defp write(numbers, profile, path) do
    originals = originals(profile)

    numbers
    |> Enum.chunk_every(max(div(length(numbers), System.schedulers_online()) + 1, 1))
    |> Task.async_stream(&write_chunk(&1, originals, path), timeout: :infinity)
    |> Stream.run()
  end

  defp write_chunk(numbers, originals, path) do
    for number <- numbers,
        do: :ok = Backends.baseline().save(renewed(originals, number), path: path)
  end

  defp originals(profile) do
    List.to_tuple(for seed <- 0..(@variety[profile] - 1), do: original(profile, seed))
  end

  defp renewed(originals, number) do
    originals
    |> elem(rem(number, tuple_size(originals)))
    |> Traffic.renew({:corpus, number}, number)
  end
end
