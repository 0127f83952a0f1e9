defmodule PhoenixReplay.Native.OptionsTest do
  use ExUnit.Case, async: false

  alias PhoenixReplay.Native.{Error, Options}

  doctest Error
  doctest Options

  test "the defaults are those of the contract" do
    assert {:ok, options} = Options.new([])
    assert options.path == Path.expand("priv/replay_recordings")
    assert options.format == :etf
    assert options.compression == {:gzip, 6}
    assert options.durability == :synced
  end

  test "each option has its own error, in words too" do
    for {opts, words} <- [
          {[path: 1], "the storage option :path must be the path of a directory"},
          {[path: "a\0b"], "the storage option :path must be the path of a directory"},
          {[native_path: 1], "the storage option :native_path must be the path of a directory"},
          {[native_path: ""], "the storage option :native_path must be the path of a directory"},
          {[format: :xml], "the storage option :format must be :etf or :json"},
          {[compression: {:gzip, 13}], "the storage option :compression must be"},
          {[compression: {:zstd, 20}], "the storage option :compression must be"},
          {[compression: :brotli], "the storage option :compression must be"},
          {[durability: true], "the storage option :durability must be :synced or :relaxed"},
          {[durability: nil], "the storage option :durability must be :synced or :relaxed"},
          {[max_recording_bytes: 0], "the storage option :max_recording_bytes must be"},
          {[max_recording_bytes: Bitwise.bsl(1, 64)],
           "the storage option :max_recording_bytes must be"},
          {[max_recordings: -1],
           "the storage option :max_recordings must be an integer of at least 0"},
          {[max_age_ms: "1h"],
           "the storage option :max_age_ms must be an integer of at least 0, nil"},
          {[max_bytes: 1.5],
           "the storage option :max_bytes must be an integer of at least 0, nil or"},
          {[drain_timeout_ms: -1], "the storage option :drain_timeout_ms must be"},
          {[drain_timeout_ms: Bitwise.bsl(1, 70)],
           "must be a number of milliseconds from 0 to 4294967295, or :infinity"},
          {[idle_timeout_ms: 0], "the storage option :idle_timeout_ms must be"},
          {[idle_timeout_ms: 0x1_0000_0000], "the storage option :idle_timeout_ms must be"},
          {[pth: "x"], "unknown storage options [:pth], known are [:path, :native_path, "},
          {%{path: "x"}, "the storage option :storage_opts must be a keyword list"}
        ] do
      assert {:error, reason} = Options.new(opts)
      assert Error.format(reason) =~ words
      assert Exception.message(%Error{reason: reason}) =~ words
    end
  end

  test "a time may be without end" do
    assert {:ok, %{drain_timeout_ms: 0xFFFF_FFFF}} = Options.new(drain_timeout_ms: :infinity)
    assert {:ok, %{idle_timeout_ms: nil}} = Options.new(idle_timeout_ms: :infinity)

    assert {:ok, %{drain_timeout_ms: 0, idle_timeout_ms: 600_000}} =
             Options.new(drain_timeout_ms: 0)
  end

  test "a compression may be given without its level" do
    assert {:ok, %{compression: {:gzip, 6}}} = Options.new(compression: :gzip)
    assert {:ok, %{compression: {:gzip, 12}}} = Options.new(compression: {:gzip, 12})
    assert {:ok, %{compression: {:zstd, _}}} = Options.new(compression: :zstd)
    assert {:ok, %{compression: {:zstd, 19}}} = Options.new(compression: {:zstd, 19})
  end

  test "limits that are not given are the host's" do
    on_exit(fn ->
      for key <- [:max_recordings, :max_recording_age_ms, :max_bytes],
          do: Application.delete_env(:phoenix_replay, key)
    end)

    limits = fn opts ->
      {:ok, options} = Options.new(opts)
      {options.max_recordings, options.max_age_ms, options.max_bytes}
    end

    assert limits.([]) == {nil, nil, nil}
    assert limits.(max_recordings: 3, max_age_ms: 4, max_bytes: 5) == {3, 4, 5}
    Application.put_env(:phoenix_replay, :max_recordings, 6)
    Application.put_env(:phoenix_replay, :max_recording_age_ms, 7)
    Application.put_env(:phoenix_replay, :max_bytes, 8)
    assert limits.([]) == {6, 7, nil}
    assert limits.(max_recordings: 3, max_age_ms: 4) == {3, 4, nil}
    assert limits.(max_recordings: 0, max_age_ms: 0, max_bytes: 0) == {0, 0, 0}
    assert limits.(max_recordings: nil, max_age_ms: :infinity) == {nil, nil, nil}
  end

  test "a path may be charlist or iodata, as elsewhere in Elixir" do
    assert {:ok, %{path: "/a/b"}} = Options.new(path: ~c"/a/b")
    assert {:ok, %{path: "/a/b"}} = Options.new(path: ["/a", "/b"])
    assert {:ok, %{native_path: "/a/b"}} = Options.new(native_path: ~c"/a/b")
    assert {:ok, %{native_path: nil}} = Options.new(native_path: nil)
  end
end
