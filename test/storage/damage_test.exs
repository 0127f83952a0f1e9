defmodule PhoenixReplay.Storage.DamageTest do
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage.Native

  @hostile ["../../etc/passwd", "", <<0>>, "a\0b", "..", ".", "/", String.duplicate("x", 10_240)] ++
             ["../.native", ".native", "~", "~~", <<255, 254>>]

  test "hostile ids are errors and lead nowhere" do
    outside = tmp_dir()
    opts = [path: Path.join(outside, "recordings")]
    :ok = Native.save(recording(), opts)
    before = tree(outside)

    for id <- @hostile do
      assert Native.get(id, opts) == :error
      assert Native.delete(id, opts) == :ok
    end

    assert Native.get(:not_a_binary, opts) == :error
    assert tree(outside) == before

    for id <- @hostile, do: :ok = Native.save(recording(id: id), opts)

    assert tree(outside) -- before ==
             Enum.filter(tree(outside) -- before, &below?(&1, opts[:path]))

    assert length(Native.list(opts)) == 1 + length(@hostile)
  end

  test "a file cut at any length is an error, logged once by name, and hides nothing else" do
    whole = recording(connected_at: 1)
    opts = [path: tmp_dir()]
    :ok = Native.save(whole, opts)
    victim = recording(connected_at: 2)
    :ok = Native.save(victim, opts)
    file = Path.join(opts[:path], victim.id <> ".etf.gz")
    content = File.read!(file)

    for size <- 0..(byte_size(content) - 1) do
      path = tmp_dir()
      File.mkdir_p!(path)

      File.cp!(
        Path.join(opts[:path], whole.id <> ".etf.gz"),
        Path.join(path, whole.id <> ".etf.gz")
      )

      File.write!(Path.join(path, victim.id <> ".etf.gz"), binary_part(content, 0, size))

      log =
        capture_log(fn ->
          assert Native.list(path: path) == [whole]
          assert Native.list_summaries(path: path) == [summary(whole)]
          assert Native.get(victim.id, path: path) == :error
          assert Native.get(whole.id, path: path) == {:ok, whole}
        end)

      assert length(String.split(log, victim.id <> ".etf.gz")) == 2
      assert File.exists?(Path.join(path, victim.id <> ".etf.gz"))
    end
  end

  test "get alone names the damaged file, once" do
    opts = [path: tmp_dir()]
    recording = recording()
    :ok = Native.save(recording, opts)
    File.write!(Path.join(opts[:path], recording.id <> ".etf.gz"), "no longer a recording")
    log = capture_log(fn -> assert Native.get(recording.id, opts) == :error end)
    assert log =~ recording.id <> ".etf.gz"

    assert capture_log([level: :warning], fn ->
             assert Native.get(recording.id, opts) == :error
           end) ==
             ""
  end

  test "a flipped byte is an error or changes nothing that is checked" do
    opts = [path: tmp_dir()]
    recording = recording()
    :ok = Native.save(recording, opts)
    file = Path.join(opts[:path], recording.id <> ".etf.gz")
    content = File.read!(file)

    for at <- 0..(byte_size(content) - 1) do
      head = binary_part(content, 0, at)
      <<byte, tail::binary>> = binary_part(content, at, byte_size(content) - at)
      File.write!(file, <<head::binary, Bitwise.bxor(byte, 0x55), tail::binary>>)

      capture_log(fn ->
        # Only bytes of the gzip header that describe the file, not its
        # content, can be anything.
        assert Native.get(recording.id, opts) in [:error, {:ok, recording}]
        if at >= 10, do: assert(Native.get(recording.id, opts) == :error)
      end)
    end
  end

  test "what is not a recording is passed by" do
    opts = [path: tmp_dir()]
    File.mkdir_p!(Path.join(opts[:path], "directory.etf.gz"))
    File.write!(Path.join(opts[:path], "empty.etf"), "")
    File.write!(Path.join(opts[:path], "other.txt"), "text")
    File.write!(Path.join(opts[:path], "list.etf"), :erlang.term_to_binary([1, 2]))
    File.write!(Path.join(opts[:path], "bomb.etf.gz"), bomb())
    File.write!(Path.join(opts[:path], "text.json"), "{\"id\":")
    recording = recording()
    :ok = Native.save(recording, opts)

    log = capture_log(fn -> assert Native.list(opts) == [recording] end)
    for name <- ["empty.etf", "list.etf", "bomb.etf.gz", "text.json"], do: assert(log =~ name)
    refute log =~ "other.txt"
    assert capture_log([level: :warning], fn -> Native.list_summaries(opts) end) == ""
  end

  test "a damaged index is told in one line, and does no harm" do
    opts = [path: tmp_dir()]

    # An index is read when a directory is opened, which happens once in a VM.
    ChildVM.run!(
      """
      import PhoenixReplay.Native.Test.Recordings, only: [recording: 1]
      [path] = System.argv()
      for id <- ["a", "b"], do: :ok = PhoenixReplay.Storage.Native.save(recording(id: id), path: path)
      """,
      [opts[:path]]
    )

    log = Path.join(opts[:path], ".native/index.log")
    File.write!(log, binary_part(File.read!(log), 0, File.stat!(log).size - 1))
    lines = capture_log(fn -> assert ["a", "b"] = ids(Native.list_summaries(opts)) end)
    assert [_] = Regex.scan(~r/index/, lines)
    assert lines =~ ".native/index.log is damaged and is made anew"
    assert capture_log([level: :warning], fn -> assert length(Native.list(opts)) == 2 end) == ""
  end

  defp ids(summaries), do: Enum.map(summaries, & &1.id)

  # 300 MiB of zeros in 300 KiB, beyond the default cap: those of one mebibyte, compressed for
  # themselves, and repeated.
  defp bomb do
    {count, size} = {300, 1024 * 1024}
    zeros = :binary.copy(<<0>>, size)
    z = :zlib.open()
    # Without the frame of gzip, which is written here.
    :ok = :zlib.deflateInit(z, :default, :deflated, -15, 8, :default)
    one = IO.iodata_to_binary(:zlib.deflate(z, zeros, :full))
    last = IO.iodata_to_binary(:zlib.deflate(z, <<>>, :finish))
    :zlib.close(z)
    checksum = :erlang.crc32(zeros)

    all =
      for _ <- 2..count, reduce: checksum do
        before -> :erlang.crc32_combine(before, checksum, size)
      end

    header = <<31, 139, 8, 0, 0::32, 0, 255>>
    body = :binary.copy(one, count) <> last
    <<header::binary, body::binary, all::little-32, count * size::little-32>>
  end

  defp tree(path), do: path |> Path.join("**") |> Path.wildcard(match_dot: true) |> Enum.sort()

  defp below?(path, directory), do: String.starts_with?(path, directory <> "/")
end
