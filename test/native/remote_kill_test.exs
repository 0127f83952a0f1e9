defmodule PhoenixReplay.Native.RemoteKillTest do
  @moduledoc false
  # Nodes without a common disk, and the server of their bucket, are killed at random moments.
  # `bin/soak remote` goes on for longer.
  #
  # KILLS makes it longer, KILL_SEED repeats what was random.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.Kill.Remote.Loop

  @moduletag :remote

  @rounds String.to_integer(System.get_env("KILLS", "4"))

  @tag timeout: 600_000
  test "after kill -9 all that is acknowledged is in the bucket, and what is erased is nowhere" do
    seed = String.to_integer(System.get_env("KILL_SEED", "#{:rand.uniform(1_000_000)}"))
    {counts, violations} = Loop.run(tmp_dir(), @rounds, seed)
    assert violations == [], "with KILL_SEED=#{seed}:\n" <> Enum.join(violations, "\n")
    assert counts.vms + counts.servers >= @rounds
    assert counts.recordings > 0
    assert counts.deleted > 0
    assert counts.erased > 0
  end
end
