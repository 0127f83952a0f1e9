defmodule PhoenixReplay.Storage.LimitTest do
  @moduledoc false
  # Around :max_recording_bytes, what was saved can be read, and nothing else is.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.Terms
  alias PhoenixReplay.Native.{InFlight, Nif}
  alias PhoenixReplay.Storage.{File, Native}

  # Recordings that become more as JSON, and those of all kinds of terms.
  defp payload do
    Enum.random([
      fn -> %{delta: Map.new(1..20, &{:"k#{&1}", 1})} end,
      fn -> %{delta: :binary.copy(<<Enum.random([1, ?", 255])>>, 200)} end,
      fn -> %{delta: List.duplicate(Enum.random([[], {}, %{}, 255, nil]), 50)} end,
      fn -> %{delta: List.to_tuple(List.duplicate({}, 100))} end,
      fn -> %{delta: {self(), make_ref(), 1.0e-300, -1}} end,
      fn -> %{delta: Terms.term(30)} end
    ]).()
  end

  defp random(events), do: %{recording() | events: for(i <- 0..events, do: {i, :info, payload()})}

  defp encoded_bytes(recording) do
    fields = Map.from_struct(recording)
    {:ok, etf} = Nif.codec_encode(fields)
    byte_size(etf)
  end

  for format <- [:etf, :json] do
    test "what is saved as #{format} is read, up to the last byte" do
      for _ <- 1..20 do
        recording = random(:rand.uniform(60))
        bytes = encoded_bytes(recording)

        for {max, fits?} <- [{bytes - 1, false}, {bytes, true}, {bytes + 1, true}] do
          opts = [path: tmp_dir(), format: unquote(format), max_recording_bytes: max]

          if fits? do
            assert Native.save(recording, opts) == :ok
            assert {:ok, read} = Native.get(recording.id, opts)
            assert length(read.events) == length(recording.events)
            assert [%{id: id}] = Native.list_summaries(opts)
            assert id == recording.id
            assert {:ok, %{damaged: []}} = PhoenixReplay.Native.verify([], opts)
            if unquote(format) == :etf, do: assert(read == recording)
            if unquote(format) == :json, do: assert(File.get(id, opts) == {:ok, read})
          else
            assert Native.save(recording, opts) == {:error, :too_large}
            assert Native.get(recording.id, opts) == :error
            assert Native.list_summaries(opts) == []
          end
        end
      end
    end

    test "a session that was recorded up to the limit is saved as #{format}, and read" do
      for max <- 600..660//3 do
        opts = [path: tmp_dir(), format: unquote(format), max_recording_bytes: max]
        recording = %{recording() | events: []}
        {:ok, handle} = InFlight.start(recording, 10_000, opts)
        event = {1, :event, %{name: "click", params: %{a: "\u0001\u0002"}}}
        results = for _ <- 1..20, do: InFlight.append(handle, event, nil)
        acknowledged = Enum.count(results, &(&1 == :ok))
        assert acknowledged in 1..19
        assert Enum.uniq(results) == [:ok, {:error, :max_events}]
        assert {:ok, _recording} = InFlight.finalize(handle, recording.id, opts)
        assert {:ok, %{events: events}} = Native.get(recording.id, opts)
        assert length(events) == acknowledged
      end
    end
  end

  test "a term that takes many times its bytes in memory is too large" do
    opts = [path: tmp_dir(), max_recording_bytes: 4_000_000]
    wide = %{recording() | session: %{maps: List.duplicate(%{}, 450_000)}}
    assert encoded_bytes(wide) < 4_000_000
    assert Native.save(wide, opts) == {:error, :too_large}
    assert Native.save(%{wide | session: %{maps: List.duplicate(%{}, 350_000)}}, opts) == :ok
    assert {:ok, %{session: %{maps: maps}}} = Native.get(wide.id, opts)
    assert length(maps) == 350_000

    # One that somebody else wrote stays where it is.
    :ok = Elixir.File.write(Path.join(opts[:path], "wide.etf.gz"), gzip(%{wide | id: "wide"}))
    assert Native.get("wide", opts) == :error
    assert {:ok, %{damaged: [damage], quarantined: []}} = PhoenixReplay.Native.repair([], opts)
    assert damage.reason =~ "too many terms"
  end

  defp gzip(recording),
    do: recording |> Map.from_struct() |> :erlang.term_to_binary() |> :zlib.gzip()
end
