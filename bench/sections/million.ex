defmodule Bench.Sections.Million do
  @moduledoc """
  The section `scale` with a million recordings, and `query` among them. It takes
  half an hour, 10 GB and five million files' names, so it is only run when it
  is asked for.
  """

  @behaviour Bench.Section

  alias Bench.Sections.Scale

  @impl true
  def run(run), do: Scale.run(run, Bench.Run.pick(run, [1_000, 1_000_000], [1_000, 100_000]))
end
