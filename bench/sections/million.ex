defmodule Bench.Sections.Million do
  @moduledoc """
  The sections `scale` and `query` with a million recordings. It takes half an
  hour, 10 GB and five million names of files, so it is only run when it is asked
  for. SQLite is left out.
  """

  @behaviour Bench.Section

  alias Bench.Run
  alias Bench.Sections.{Query, Scale}

  @impl true
  def run(run) do
    sizes = Run.pick(run, [1_000, 1_000_000], [1_000, 20_000])
    Scale.run(run, sizes)
    Query.run(run, sizes, [])
  end
end
