defmodule Bench.Sections.Codec do
  @moduledoc """
  The encoder and the decoder alone, against the runtime's own. Both native
  calls run on a dirty scheduler, which costs some µs: `limit/nif_call` is a
  call that stays where it is.
  """

  @behaviour Bench.Section

  alias Bench.{Check, Limits, Run, Traffic}
  alias PhoenixReplay.Native.Nif

  @callers [small_heap: :fresh, large_heap: {:live_words, 2_000_000}]

  @impl true
  def run(run) do
    terms = terms()
    for {name, term} <- terms, do: check(name, term)

    for {name, term} <- terms do
      Run.compare(run, "#{name}/encode", "µs",
        native: fn -> {:ok, _} = Nif.codec_encode(term) end,
        baseline: Limits.term_to_binary(term)
      )
    end

    for {name, term} <- terms, {heap, caller} <- @callers do
      encoded = :erlang.term_to_binary(term)

      Run.compare(run, "#{name}/decode/#{heap}", "µs",
        native: fn -> {:ok, _} = Nif.codec_decode(encoded) end,
        baseline: Limits.binary_to_term(encoded),
        caller: caller
      )
    end

    limits(run, terms)
  end

  defp terms do
    events = for profile <- Traffic.profiles(), do: {:"#{profile}_event", event(profile)}
    session = Map.from_struct(Traffic.session(:typical, 1))
    [fixture | _] = Traffic.fixture_sessions(1)
    events ++ [typical_session: session, fixture_session: Map.from_struct(fixture)]
  end

  defp event(profile), do: Traffic.event(profile, 1, 61)

  defp check(name, term) do
    {:ok, encoded} = Nif.codec_encode(term)
    Check.equal!(:erlang.binary_to_term(encoded), term, "codec_encode of #{name}")
    decoded = Nif.codec_decode(:erlang.term_to_binary(term))
    Check.equal!(decoded, {:ok, term}, "codec_decode of #{name}")
  end

  defp limits(run, terms) do
    term = terms[:typical_event]
    bytes = :erlang.term_to_binary(term)

    for {name, limit} <- [
          nif_call: Limits.nif_call(run),
          ets_insert: Limits.ets_insert(term),
          memcpy: Limits.memcpy(bytes)
        ] do
      Run.compare(run, "limit/#{name}", "µs",
        native: fn -> {:ok, _} = Nif.codec_encode(term) end,
        baseline: limit,
        note: "native: encoding one typical event"
      )
    end
  end
end
