defmodule PhoenixReplay.Native.Test.Soak.Atoms do
  @moduledoc false
  # Recordings with keys and values that nobody has seen before, in both formats: saved, read,
  # listed, searched. None of it may make an atom.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Storage.Native, as: Storage

  @batch 500

  @doc """
  How many atoms there are before and after `count` recordings in directories below
  `root`. Some are used before, so that code is loaded.
  """
  def run(root, count, tell \\ fn _ -> :ok end) do
    batch(root, 0, 20)
    before = :erlang.system_info(:atom_count)

    for from <- Enum.take_every(0..(count - 1), @batch) do
      batch(root, from, min(@batch, count - from))
      if rem(from + @batch, 50_000) == 0, do: tell.(from + @batch)
    end

    {before, :erlang.system_info(:atom_count)}
  end

  # In a directory of its own, so that the last list is no longer than the first one.
  defp batch(root, from, count) do
    opts = [path: Path.join(root, "#{from}"), durability: :relaxed, compression: :zstd]

    for n <- 1..count do
      recording = recording("#{from}-#{n}")
      format = if rem(n, 2) == 0, do: :etf, else: :json
      :ok = Storage.save(recording, Keyword.put(opts, :format, format))
      {:ok, %{events: [_, _]}} = Storage.get(recording.id, opts)
    end

    ^count = length(Storage.list_summaries(opts))
    ^count = length(Storage.list(opts))
    {:ok, %{total: 0}} = Native.query([contains: random()], [limit: 10], opts)
    {:ok, %{total: 0}} = Native.query([event: random(), view: random()], [limit: 10], opts)
    {:ok, %{views: _}} = Native.facets([], [], opts)
    {:ok, %{damaged: []}} = Native.verify([], opts)
    :ok = Native.close(opts)
    File.rm_rf!(opts[:path])
  end

  defp recording(id) do
    params = for _ <- 1..5, into: %{}, do: {random(), %{random() => random()}}

    %PhoenixReplay.Recording{
      id: id,
      view: PhoenixReplay.Native.Test.FormLive,
      url: "http://localhost/" <> random(),
      params: params,
      session: %{random() => random()},
      connected_at: 1_795_000_000_000,
      events: [{0, :mount, %{assigns: params}}, {1, :event, %{name: random(), params: params}}]
    }
  end

  defp random, do: Base.encode32(:rand.bytes(10))
end
