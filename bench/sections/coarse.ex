defmodule Bench.Sections.Coarse do
  @moduledoc """
  The newest 50 right after a save, and right after another program has overwritten
  a recording, where file times tick in milliseconds, so that the directory's own
  tells little: before Linux 6.13 everywhere, and on ramfs still. The baseline is the
  native engine on tmpfs, whose times do not tick there since then.

  Either is mounted for the section, which only root can do.
  """

  @behaviour Bench.Section

  alias Bench.{Backends, Check, Corpus, Report, Run, Workspace}
  alias PhoenixReplay.Native

  @limit 50

  # Asked so often for each sample.
  @times 20

  @impl true
  def run(run) do
    with_mounted(run, ~w(ramfs tmpfs), [], fn [ramfs, tmpfs] ->
      for count <- Run.pick(run, [1_000, 10_000], [1_000]) do
        source = Corpus.directory(run, :small, count)
        sides = for mount <- [ramfs, tmpfs], do: fill(Path.join(mount, "#{count}"), source)

        try do
          for {name, backend, ids} <- changes(count),
              do: compare(run, "#{name}/#{count}", sides, {backend, Backends.cycle(ids)})
        after
          for path <- sides, do: :ok = Native.close(path: path)
        end
      end
    end)
  end

  defp with_mounted(_run, [], mounts, fun), do: mounts |> Enum.reverse() |> fun.()

  defp with_mounted(run, [type | types], mounts, fun) do
    path = Workspace.directory(run, type)

    case System.cmd("mount", ["-t", type, "bench", path], stderr_to_stdout: true) do
      {_, 0} ->
        try do
          with_mounted(run, types, [path | mounts], fun)
        after
          {_, 0} = System.cmd("umount", [path])
        end

      {complaint, _} ->
        Report.note("#{type} can't be mounted here: skipped (#{String.trim(complaint)})")
    end
  end

  # Hard links end where a file system does.
  defp fill(path, source) do
    File.mkdir_p!(path)
    for name <- File.ls!(source), do: File.cp!(Path.join(source, name), Path.join(path, name))
    path
  end

  # The pure-Elixir backend overwrites in place.
  defp changes(count) do
    [
      {"after_save", Backends.native(), Enum.map(1..64, &"bench_#{&1}")},
      {"after_overwriting", Backends.baseline(), Enum.take(Corpus.ids(count), 64)}
    ]
  end

  defp compare(run, name, sides, change) do
    [native, baseline] = for path <- sides, do: {:sampler, fn -> sample(path, change) end}
    Run.compare(run, "#{name}/on_tmpfs", "µs", native: native, baseline: baseline)
  end

  defp sample(path, {backend, next_id}) do
    times =
      for _ <- 1..@times do
        # Newer than all that is stored.
        newest = %{Corpus.recording(:small, 1) | id: next_id.(), connected_at: newest_at()}
        :ok = backend.save(newest, path: path)
        started = System.monotonic_time()
        {:ok, page} = Native.query([], [limit: @limit], path: path)
        elapsed = System.monotonic_time() - started
        Check.equal!(hd(page.recordings).id, newest.id, "the newest")
        System.convert_time_unit(elapsed, :native, :nanosecond)
      end

    Enum.sum(times) / @times
  end

  defp newest_at,
    do: System.os_time(:millisecond) + System.unique_integer([:positive, :monotonic])
end
