defmodule PhoenixReplay.Native.DocTest do
  @moduledoc false
  # What the documentation shows, as far as it needs no recordings.
  use ExUnit.Case, async: true

  doctest PhoenixReplay.Native
end
