defmodule PhoenixReplay.Native.Test.Attack.Deep do
  @moduledoc false
  # Terms that are nested as deep as may be, through everything that is done to a recording. What
  # a scheduler runs has the stack of its thread, which users can make small.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{InFlight, Nif}
  alias PhoenixReplay.Native.Test.Recordings
  alias PhoenixReplay.Storage.Native, as: Storage

  # Beyond 64 the encoder and the decoder leave it to the VM.
  @own [64, 65]

  @doc """
  In directories below `root`, with terms of up to `levels`. Returns how many terms
  went through.
  """
  def run(root, levels) do
    counts =
      for format <- [:etf, :json] do
        opts = [path: Path.join(root, "#{format}"), format: format, durability: :relaxed]
        terms = for levels <- @own ++ [levels], shape <- shapes(), do: nested(shape, levels)
        for {term, n} <- Enum.with_index(terms), do: through(term, "#{n}", opts)
        {:ok, %{damaged: []}} = Native.verify([], opts)
        :ok = Native.close(opts)
        length(terms)
      end

    Enum.sum(counts)
  end

  defp shapes, do: [:list, :tail, :tuple, :map, :struct, :mixed]

  defp nested(shape, levels),
    do: Enum.reduce(1..levels, "deepest", fn n, inner -> one(shape, n, inner) end)

  defp one(:list, _, inner), do: [inner]
  defp one(:tail, _, inner), do: [1 | inner]
  defp one(:tuple, _, inner), do: {inner, 1}
  defp one(:map, _, inner), do: %{"key" => inner, other: 1}
  defp one(:struct, _, inner), do: %URI{host: inner}
  defp one(:mixed, n, inner), do: one(Enum.at(shapes(), rem(n, 5)), n, inner)

  defp through(term, id, opts) do
    {:ok, bytes} = Nif.codec_encode(term)
    same({:ok, term}, Nif.codec_decode(bytes))
    # What is too deep for the rules is refused.
    Nif.codec_sanitize(%{x: true}, %{x: term}, [{URI, false}])

    events = [{0, :mount, %{}}, {1, :event, %{name: "deep", params: term}}]
    recording = %{Recordings.recording(id: id, session: %{deep: term}) | events: events}
    :ok = Storage.save(recording, opts)
    read(recording, opts)
    {:ok, _} = Native.query([contains: "deepest"], [limit: 1], opts)
    again = fn recording -> {:ok, %{recording | url: "http://localhost/again"}} end
    {:ok, %{rewritten: 1}} = Native.rewrite([id: id], again, [], opts)
    in_flight(term, "flying-" <> id, opts)
  end

  # In JSON, what is too deep is abbreviated.
  defp read(recording, opts) do
    found = Native.get(recording.id, [], opts)
    if opts[:format] == :etf, do: same({:ok, recording}, found), else: {:ok, _} = found
  end

  defp in_flight(term, id, opts) do
    start = %{Recordings.recording(id: id, session: %{deep: term}) | events: []}
    {:ok, handle} = InFlight.start(start, 100, opts)
    event = {1, :event, %{name: "deep", params: term}}
    :ok = InFlight.append(handle, event, nil)
    base = appended(handle, term, nil)
    # The same again, and with a difference at its end.
    base = appended(handle, term, base)
    appended(handle, [term, term | 1], base)
    {:ok, %{events: [_ | _]}} = InFlight.recording(handle)
    {:ok, _} = Native.query([contains: "not there"], [limit: 1], opts)
    {:ok, %{events: [^event | _]}} = InFlight.finalize(handle, id, opts)
  end

  defp appended(handle, term, base) do
    case InFlight.append(handle, {2, :assigns, %{delta: %{x: term}}}, base) do
      {:ok, base} -> base
      :ok -> base
    end
  end

  defp same(expected, found) do
    if expected != found, do: raise("it is another term")
  end
end
