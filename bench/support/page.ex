defmodule Bench.Page do
  @moduledoc false
  # The report as a page with charts, drawn by the small Rust program in
  # `bench/plot`.

  def write(_path, _json), do: raise("not yet")
end
