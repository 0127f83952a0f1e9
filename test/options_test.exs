defmodule PhoenixReplay.Native.OptionsTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.Native.{Error, Options}

  doctest Error

  test "the defaults are those of the contract" do
    assert {:ok, options} = Options.new([])
    assert options.path == Path.expand("priv/replay_recordings")
    assert options.format == :etf
    assert options.compression == {:gzip, 6}
  end

  test "each option has its own error, in words too" do
    for {opts, words} <- [
          {[path: 1], "the storage option :path must be the path of a directory"},
          {[path: "a\0b"], "the storage option :path must be the path of a directory"},
          {[format: :xml], "the storage option :format must be :etf or :json"},
          {[compression: {:gzip, 13}], "the storage option :compression must be"},
          {[compression: {:zstd, 20}], "the storage option :compression must be"},
          {[compression: :brotli], "the storage option :compression must be"},
          {[max_recording_bytes: 0], "the storage option :max_recording_bytes must be"},
          {[max_recording_bytes: Bitwise.bsl(1, 64)],
           "the storage option :max_recording_bytes must be"},
          {[drain_timeout_ms: -1], "the storage option :drain_timeout_ms must be"},
          {[pth: "x"], "unknown storage options [:pth], known are [:path, :format, "},
          {%{path: "x"}, "the storage option :storage_opts must be a keyword list"}
        ] do
      assert {:error, reason} = Options.new(opts)
      assert Error.format(reason) =~ words
      assert Exception.message(%Error{reason: reason}) =~ words
    end
  end

  test "a compression may be given without its level" do
    assert {:ok, %{compression: {:gzip, 6}}} = Options.new(compression: :gzip)
    assert {:ok, %{compression: {:gzip, 12}}} = Options.new(compression: {:gzip, 12})
    assert {:ok, %{compression: {:zstd, _}}} = Options.new(compression: :zstd)
    assert {:ok, %{compression: {:zstd, 19}}} = Options.new(compression: {:zstd, 19})
  end

  test "a path may be charlist or iodata, as elsewhere in Elixir" do
    assert {:ok, %{path: "/a/b"}} = Options.new(path: ~c"/a/b")
    assert {:ok, %{path: "/a/b"}} = Options.new(path: ["/a", "/b"])
  end
end
