defmodule PhoenixReplay.Native.Test.Attack do
  @moduledoc false
  # What no caller should do, in a VM that may die of it.

  @doc "Code for such a VM: a call, which has `root`, a directory, and whose result it prints."
  def code(call) do
    """
    [root] = System.argv()
    Logger.configure(level: :none)
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    alias PhoenixReplay.Native.Test.Attack
    IO.inspect(#{call})
    """
  end

  @doc """
  The smallest stacks that its schedulers may have, in words: 160 KB each, of which
  native calls have what the VM leaves.
  """
  def smallest, do: ["+sss 20 +sssdcpu 20 +sssdio 20"]
end
