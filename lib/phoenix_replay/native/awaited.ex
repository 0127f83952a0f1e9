defmodule PhoenixReplay.Native.Awaited do
  @moduledoc false
  # What native threads answer with a message, for any process that wants it.
  #
  # The message goes to a process made for it. So none is left in the mailbox
  # of a caller that waits no more, and one that is killed stops nothing.

  alias PhoenixReplay.Native.Error

  @doc "Makes a call of the native library, which may answer `:later`: then its answer is a message."
  @spec answer((() -> result | :later)) :: result | {:error, Error.reason()} when result: var
  def answer(call) do
    run(fn ->
      with :later <- call.() do
        receive do: ({:replay_done, answer} -> answer)
      end
    end)
  end

  @doc "Calls `ask`, which may receive messages, and returns what it does."
  @spec run((() -> result)) :: result | {:error, Error.reason()} when result: var
  def run(ask) do
    {pid, ref} = spawn_monitor(fn -> exit({:answer, ask.()}) end)

    receive do
      {:DOWN, ^ref, :process, ^pid, {:answer, answer}} -> answer
      # Somebody killed it.
      {:DOWN, ^ref, :process, ^pid, _reason} -> {:error, :eintr}
    end
  end
end
