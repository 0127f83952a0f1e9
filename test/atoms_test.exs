defmodule PhoenixReplay.Native.AtomsTest do
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.ChildVM

  @child """
  [root] = System.argv()
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
  {before, later} = PhoenixReplay.Native.Test.Soak.Atoms.run(root, 1_500)
  IO.puts("more: \#{later - before}")
  """

  test "no key, value, name, URL or view that is saved, read or asked for becomes an atom" do
    assert ChildVM.run!(@child, [tmp_dir()]) =~ "more: 0\n"
  end
end
