defmodule PhoenixReplay.Native.ModesTest do
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.Session
  alias PhoenixReplay.Storage.Native, as: Storage

  test "whatever is made is readable by its owner only" do
    %{opts: opts} = configured()
    elsewhere = [native_path: tmp_dir(), path: tmp_dir()]
    running = Session.start_many("running", 3, 200)
    ended = Session.start_many("ended", 3, 20)
    Enum.each(ended, &Session.stop/1)
    drained(opts, length(running))

    for format <- [:etf, :json],
        opts <- [opts, elsewhere],
        n <- 1..5,
        do: :ok = Storage.save(recording(id: "#{format}-#{n}"), opts ++ [format: format])

    mask = &{:ok, %{&1 | session: %{}}}

    for opts <- [opts, elsewhere] do
      {:ok, %{failed: []}} = Native.rewrite([], mask, [], opts)
      {:ok, %{count: 1}} = Native.delete_where([id: "etf-1"], [], opts)
      :ok = Storage.delete("json-1", opts)
      damaged = Path.join(opts[:path], "damaged.etf.gz")
      File.write!(damaged, "no recording")
      File.chmod!(damaged, 0o600)
      File.touch!(damaged, System.os_time(:second) - 86_400)
      capture_log(fn -> {:ok, %{quarantined: [_]}} = Native.repair([], opts) end)
    end

    check(opts, elsewhere)
    made = made(opts, elsewhere)

    for part <- ~w(.etf.gz .json.gz slab- .seg tmp- quarantine index index.log index.lock /lock),
        do: assert(Enum.any?(made, &(&1 =~ part)), "there is no #{part}")

    Enum.each(running, &Session.stop/1)
    for opts <- [opts, elsewhere], do: :ok = Native.close(opts)
    check(opts, elsewhere)
  end

  defp check(opts, elsewhere) do
    for path <- made(opts, elsewhere), {:ok, stat} <- [File.lstat(path)] do
      expected = if stat.type == :directory, do: 0o700, else: 0o600
      assert {path, Bitwise.band(stat.mode, 0o7777)} == {path, expected}
    end
  end

  defp made(opts, elsewhere) do
    for path <- [opts[:path], elsewhere[:path], elsewhere[:native_path]],
        made <- [path | Path.wildcard(path <> "/**", match_dot: true)],
        do: made
  end
end
