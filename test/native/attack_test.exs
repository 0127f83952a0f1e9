defmodule PhoenixReplay.Native.AttackTest do
  @moduledoc false
  # What no caller should do, in a VM that may die of it, with the smallest stacks that its
  # schedulers may have. `bin/soak attack` does more of it.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.{Attack, ChildVM}

  defp child(call), do: ChildVM.run!(Attack.code(call), [tmp_dir()], vm: Attack.smallest())

  test "every native function answers every odd term in every place" do
    assert child("Attack.Arguments.run(root, 40)") =~ ~r/^\{\d+, \d+\}$/m
  end

  test "terms as deep as may be go through all that is done to a recording" do
    assert child("Attack.Deep.run(root, 5_000)") == "36\n"
  end

  test "processes that are killed inside calls leave nothing, and lose nothing" do
    assert child("Attack.Kills.run(root, 300)") =~ ~r/^\{\d+, \d+\}$/m
  end
end
