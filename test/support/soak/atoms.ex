defmodule PhoenixReplay.Native.Test.Soak.Atoms do
  @moduledoc false
  # Recordings with keys and values that nobody has seen before, in both formats, and some that
  # were made where there were other atoms: saved, read, listed, searched. None of it may make an
  # atom.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Storage.Native, as: Storage

  @batch 500

  # An atom that is here, for which others stand that are not.
  @known :known_atom_x234

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

    strangers = for n <- 1..10, do: stranger("#{from}-strange-#{n}", opts)
    listed = count + length(strangers)
    ^listed = length(Storage.list_summaries(opts))

    for id <- strangers do
      {:error, {:unknown_atom, _}} = Native.get(id, [], opts)
      {:ok, %{events: [_, _]}} = Native.get(id, [unknown_atoms: :strings], opts)
    end

    ^count = length(Storage.list(opts))
    {:ok, %{total: 0}} = Native.query([contains: random()], [limit: 10], opts)
    {:ok, %{total: 0}} = Native.query([event: random(), view: random()], [limit: 10], opts)
    {:ok, %{views: _}} = Native.facets([], [], opts)
    {:ok, %{damaged: []}} = Native.verify([], opts)
    :ok = Native.close(opts)
    File.rm_rf!(opts[:path])
  end

  # As another system, with other code, saves it.
  defp stranger(id, opts) do
    recording = %{recording(id) | view: @known, session: %{@known => @known}}
    path = Path.join(opts[:path], id <> ".etf")
    known = Atom.to_string(@known)
    bytes = :erlang.term_to_binary(recording)
    other = binary_part(random(), 0, byte_size(known))
    File.write!(path, :binary.replace(bytes, known, other, [:global]))
    id
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
