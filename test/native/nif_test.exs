defmodule PhoenixReplay.Native.NifTest do
  @moduledoc false
  # What becomes of a call that the native library does not take.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0, recording: 0]

  alias PhoenixReplay.Native.{Directories, Error, Filter, Nif, Options}
  alias PhoenixReplay.Native.Test.{ChildVM, S3Server}

  defp directory do
    {:ok, {directory, :etf}} = Directories.fetch(path: tmp_dir())
    directory
  end

  test "every call has an answer to what it can't take" do
    stranger = make_ref()

    for {name, arity} <- Nif.__info__(:functions), arity > 0, name != :codec_encode do
      arguments = List.duplicate(stranger, arity)
      assert {name, apply(Nif, name, arguments)} == {name, {:error, :badarg}}
    end
  end

  test "no argument past the first is taken unseen" do
    {:ok, options} = Options.new(path: tmp_dir())

    for call <- [
          fn -> Nif.store_save(directory(), %{}, :xml, nil) end,
          fn -> Nif.store_save(directory(), %{}, :etf, "") end,
          fn -> Nif.store_save(directory(), %{}, :etf, String.duplicate("x", 256)) end,
          fn -> Nif.store_save(directory(), %{}, :etf, Bitwise.bsl(1, 63)) end,
          fn -> Nif.rewrite_begin(directory(), %{}) end,
          fn -> Nif.rewrite_save(directory(), "x", %{}, {"x.etf.gz", -1, 0, 0}) end,
          fn -> Nif.rewrite_drop(directory(), "x", {:file, 1, 0, 0}) end,
          fn -> Nif.store_read(directory(), :not_a_binary, :all) end,
          fn -> Nif.store_read(directory(), "id", true) end,
          fn -> Nif.query_page(directory(), %{}, :sideways, 10, nil, false) end,
          fn -> Nif.verify_batch(directory(), ["x.etf" | "y"], false) end,
          fn -> Nif.query_facets(directory(), %Filter{view: ["View" | "y"]}) end,
          fn -> Nif.query_facets(directory(), %Filter{subject: [1 | 2]}) end,
          fn -> Nif.query_facets(directory(), %Filter{event: ["save" | "y"]}) end,
          fn -> Nif.codec_sanitize(%{}, %{}, [{URI, false} | URI]) end,
          fn -> Nif.codec_compress("x", {:brotli, 1}) end,
          fn -> Nif.codec_compress("x", :gzip) end,
          fn -> Nif.store_drain(directory(), -1) end,
          fn -> Nif.store_drain(directory(), Bitwise.bsl(1, 70)) end,
          fn -> Nif.directory_open(options.path, %{options | max_bytes: -1}) end,
          fn -> Nif.directory_open(options.path, Map.delete(options, :compression)) end
        ] do
      assert call.() == {:error, :badarg}
    end
  end

  test "a recording in flight is no directory, and the other way round" do
    directory = directory()
    fields = recording() |> Map.from_struct()
    {:ok, active} = Nif.active_start_dirty(directory, fields.id, fields, 10, :etf, nil)
    assert Nif.store_ids(active) == {:error, :badarg}
    assert Nif.active_append(directory, {1, :event, %{}}, nil) == {:error, :badarg}
    assert elem(Nif.active_finish(active), 0) == :ok
    assert Nif.store_drain(directory, 30_000) == 0
  end

  test "a number that this library has not given out is that of a closed directory" do
    assert Nif.store_ids(1) == {:error, :closed}
    assert Nif.store_ids(directory() + 1_000_000) == {:error, :closed}
  end

  test "a panic names its place, though debug information stays with cargo" do
    native = Application.app_dir(:phoenix_replay_native, "priv/native/phoenix_replay_native.so")
    # What speaks to buckets brings HTTP and TLS.
    assert File.stat!(native).size < if(S3Server.wanted?(), do: 10_000_000, else: 4_500_000)
    output = ChildVM.run!("{:error, :panicked} = PhoenixReplay.Native.Nif.codec_panic()")
    assert output =~ ~r"panicked at .*codec.rs:\d+:\d+"
  end

  test "a panic is an error, and calls go on" do
    # The library's own words go to standard error, past any capture.
    assert Nif.codec_panic() == {:error, :panicked}
    assert Error.format(:panicked) =~ "bug"
    assert {:ok, _} = Nif.codec_encode(:still_there)
  end

  test "what is raised has its name" do
    guard = fn raised -> Error.guard(fn -> :erlang.error(raised) end) end
    assert guard.(:badarg) == {:error, :badarg}
    assert guard.(:invalid_variant) == {:error, :badarg}
    assert guard.(:nif_panicked) == {:error, :panicked}
    assert {:error, {:not_loaded, _}} = guard.(:undef)
    assert guard.({:not_loaded, "why"}) == {:error, {:not_loaded, "why"}}
    assert guard.(:closed) == {:error, :closed}
    assert Error.guard(fn -> :fine end) == :fine
  end
end
