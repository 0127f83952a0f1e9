defmodule PhoenixReplay.Native.Test.Eventually do
  @moduledoc false
  # What others do in the background, and no message tells of.

  @doc "Waits until it holds; a test whose time is over fails."
  def eventually(fun) do
    if fun.() do
      :ok
    else
      Process.sleep(5)
      eventually(fun)
    end
  end
end
