defmodule PhoenixReplay.Native.KillTest do
  @moduledoc false
  # VMs that do all kinds of work are killed at random moments; what they leave is opened in new
  # VMs, twice, and held against what was acknowledged. `bin/soak kill` goes on for longer.
  #
  # KILLS makes it longer, KILL_SEED repeats what was random.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.Kill.{Ledger, Loop, Oracle}

  @kills String.to_integer(System.get_env("KILLS", "10"))

  @tag timeout: 600_000
  test "after kill -9 everything acknowledged holds, and nothing is half done or left behind" do
    seed = String.to_integer(System.get_env("KILL_SEED", "#{:rand.uniform(1_000_000)}"))
    {counts, violations} = Loop.run(tmp_dir(), @kills, seed)
    assert violations == [], "with KILL_SEED=#{seed}:\n" <> Enum.join(violations, "\n")
    assert counts.vms >= 2 * @kills
    assert counts.recordings > 0
    assert counts.erased > 0
  end

  describe "the oracle" do
    test "what was acknowledged leaves one value, what was begun the old and the new" do
      notes = [
        {:begin, {:save, "a-1", 1, :etf}},
        :done,
        {:begin, {:save, "a-2", 1, :etf}},
        :done,
        {:begin, {:delete, "a-2"}},
        :done,
        {:begin, {:save, "a-1", 2, :json}}
      ]

      assert wrong(notes, %{"a-1" => {:saved, 1, :etf}}) == []
      assert wrong(notes, %{"a-1" => {:saved, 2, :json}}) == []
      assert [_] = wrong(notes, %{})
      assert [_] = wrong(notes, %{"a-1" => {:saved, 2, :etf}})
      assert [_] = wrong(notes, %{"a-1" => {:saved, 1, :etf}, "a-2" => {:saved, 1, :etf}})
      assert [_] = wrong(notes, %{"a-1" => {:saved, 1, :etf}, "b-1" => {:saved, 1, :etf}})
    end

    test "what was seen once is what it is" do
      oracle = Oracle.add(%Oracle{}, [[{:begin, {:save, "a-1", 1, :etf}}]])
      oracle = Oracle.check(oracle, %{"a-1" => {:saved, 1, :etf}}, :all)
      assert oracle.violations == []
      assert [_] = Oracle.check(oracle, %{}, :all).violations
    end

    test "a session has what was acknowledged, and at most one event more" do
      notes = [{:begin, {:session, "a-live-1"}}, {:acked, "a-live-1", 1}, {:acked, "a-live-1", 2}]
      for n <- [2, 3], do: assert(wrong(notes, %{"a-live-1" => {:session, n}}) == [])
      for n <- [1, 4], do: assert([_] = wrong(notes, %{"a-live-1" => {:session, n}}))
      assert [_] = wrong(notes, %{})
      assert wrong(Enum.take(notes, 1), %{}) == []
    end

    test "a group is erased as a whole, or not at all" do
      saved = for n <- 1..2, note <- [{:begin, {:save, "g-#{n}", 1, :etf}}, :done], do: note
      notes = saved ++ [{:begin, {:erase, "g-", ["g-1", "g-2"]}}]
      there = %{"g-1" => {:saved, 1, :etf}, "g-2" => {:saved, 1, :etf}}
      assert wrong(notes, there) == []
      assert wrong(notes, %{}) == []
      assert [_] = wrong(notes, Map.delete(there, "g-1"))
      assert [_, _] = wrong(notes ++ [:done], there)
    end

    test "only what is older than all that are to be kept may have been deleted" do
      notes = for n <- 1..3, note <- [{:begin, {:save, "a-#{n}", 1, :etf}}, :done], do: note
      kept = fn numbers -> Map.new(numbers, &{"a-#{&1}", {:saved, 1, :etf}}) end
      assert wrong(notes, kept.([2, 3]), 2) == []
      assert [_] = wrong(notes, kept.([1, 3]), 2)
      assert [_, _] = wrong(notes, kept.([3]), 2)
    end

    test "a note that was cut off counts as none" do
      directory = tmp_dir()
      File.mkdir_p!(directory)
      file = Ledger.open(directory, "a")
      Ledger.during(file, {:delete, "a-1"}, fn -> :ok end)
      File.write!(Path.join(directory, "a"), "g2gCdwRzYX", [:append])
      assert Ledger.read(directory) == [[{:begin, {:delete, "a-1"}}, :done]]
    end
  end

  defp wrong(notes, seen, keep \\ :all) do
    %Oracle{} |> Oracle.add([notes]) |> Oracle.check(seen, keep) |> Map.fetch!(:violations)
  end
end
