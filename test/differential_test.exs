defmodule PhoenixReplay.Native.DifferentialTest do
  use ExUnit.Case, async: true

  alias PhoenixReplay.Native.Test.Differential

  # bin/differential does the same with a million.
  test "damaged terms are refused, or read, as the VM does, but for what has a name" do
    {counts, faults} = Differential.run(:rand.uniform(1_000_000_000), 2000, 300)
    assert faults == []
    assert counts.there_and_back == 300
    assert counts.equal > 200 and counts.refused_by_both > 200
  end
end
