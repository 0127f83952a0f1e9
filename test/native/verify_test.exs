defmodule PhoenixReplay.Native.VerifyTest do
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Error
  alias PhoenixReplay.Storage

  setup do
    opts = [path: tmp_dir()]
    for _ <- 1..150, do: :ok = Storage.Native.save(recording(), opts)
    for _ <- 1..20, do: :ok = Storage.Native.save(recording(), opts ++ [format: :json])
    %{opts: opts}
  end

  test "sound recordings are found so, and progress is told", %{opts: opts} do
    test = self()

    assert Native.verify([progress: &send(test, {self(), &1})], opts) ==
             {:ok, %{checked: 170, damaged: []}}

    assert_received {^test, %{checked: checked, total: 170, damaged: 0}} when checked <= 64
    assert_received {^test, %{checked: 170, total: 170, damaged: 0}}

    assert Native.verify(progress: :no_function) ==
             {:error, {:invalid_option, :progress, "a function of one argument"}}

    assert {:error, {:unknown_options, [:prgress], [:progress]} = misspelt} =
             Native.verify([prgress: &send(test, &1)], opts)

    assert Error.format(misspelt) == "unknown options [:prgress], known are [:progress]"

    assert {:error, {:unknown_options, [:path], [:progress]} = misplaced} = Native.verify(opts)
    assert Error.format(misplaced) =~ "storage options are the last argument"
  end

  test "damage is reported by verify and moved by repair", %{opts: opts} do
    whole = hd(Path.wildcard(opts[:path] <> "/*.etf.gz"))
    gz = File.read!(whole)
    damaged(opts, "cut.etf.gz", binary_part(gz, 0, div(byte_size(gz), 2)))
    damaged(opts, "empty.json.gz", "")
    File.write!(Path.join(opts[:path], "young.etf.gz"), "just now")

    capture_log(fn ->
      assert {:ok, %{checked: 173, damaged: damage}} = Native.verify([], opts)

      assert ["cut.etf.gz", "empty.json.gz", "young.etf.gz"] =
               for(%{file: file} <- damage, do: file)

      assert Enum.find(damage, &(&1.file == "empty.json.gz")).reason == "the file is empty"
      assert [] = Path.wildcard(Path.join(opts[:path], ".native/quarantine/*"), match_dot: true)

      assert {:ok, %{checked: 173} = repaired} = Native.repair([], opts)
      assert [%{file: "young.etf.gz"}] = repaired.damaged

      assert ["cut.etf.gz", "empty.json.gz"] =
               for(%{file: file} <- repaired.quarantined, do: file)

      assert {:ok, %{checked: 171, damaged: [_young]}} = Native.verify([], opts)
    end)

    quarantine = Path.join(opts[:path], ".native/quarantine")
    assert Enum.sort(File.ls!(quarantine)) == ["cut.etf.gz", "empty.json.gz"]
    assert Bitwise.band(File.stat!(quarantine).mode, 0o777) == 0o700
    assert length(Storage.Native.list_summaries(opts)) == 170

    # The other backend can read all that is left, once nobody writes any more.
    File.rm!(Path.join(opts[:path], "young.etf.gz"))

    assert for(format <- [:etf, :json], do: length(Storage.File.list(opts ++ [format: format]))) ==
             [150, 20]

    :ok = Storage.Native.clear(opts)
    assert length(File.ls!(quarantine)) == 2
    assert {:ok, %{quarantined: 2, recordings: 0}} = Native.stats(opts)
  end

  # Older than a writer takes.
  defp damaged(opts, name, content) do
    path = Path.join(opts[:path], name)
    File.write!(path, content)
    File.touch!(path, System.os_time(:second) - 60)
  end
end
