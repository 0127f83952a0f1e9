defmodule Bench.Section do
  @moduledoc """
  A section of the benchmarks: one file in `bench/sections/`, one module
  `Bench.Sections.<Name>`. Adding the file adds the section.

  `run/1` first checks that every operation it is about to time gives the right
  result, and then measures through `Bench.Run`.
  """

  @callback run(Bench.Run.t()) :: term()

  # The order of the report; a section not named here comes last.
  @order ~w(append recorder lifecycle memory save get list summaries query contains coarse open drain exit recover
            json codec scale remote_cost remote_drain remote_news remote_start remote_get remote_checkpoint
            remote_away)

  # These take too long to be run unasked, or want more than others.
  @on_request ~w(million remote_cost remote_drain remote_news remote_start remote_get remote_checkpoint
                 remote_away)

  @directory Path.expand("../sections", __DIR__)

  @doc "The names of all sections, in the order of the report."
  @spec names() :: [String.t()]
  def names do
    existing =
      for file <- Enum.sort(Path.wildcard(Path.join(@directory, "*.ex"))),
          do: Path.basename(file, ".ex")

    Enum.sort_by(
      existing,
      &(Enum.find_index(@order, fn name -> name == &1 end) || length(@order))
    )
  end

  @doc "Those that are run when none is asked for."
  @spec default_names() :: [String.t()]
  def default_names, do: names() -- @on_request

  @doc "The sections that are meant by a name: their own, or the first part of it."
  @spec named(String.t()) :: [String.t()]
  def named(name) do
    names = names()
    if name in names, do: [name], else: Enum.filter(names, &String.starts_with?(&1, name <> "_"))
  end

  @doc "The module of a section."
  @spec module(String.t()) :: module()
  def module(name), do: Module.safe_concat(Bench.Sections, Macro.camelize(name))
end
