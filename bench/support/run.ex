defmodule Bench.Run do
  @moduledoc """
  One run of the benchmarks, and how a section measures in it.

  A figure is measured in rounds: in each round first the native side and then
  the baseline gets a sample, so that whatever else the machine does hits both.
  A sample is as many calls as take a good while (`Bench.Timing`), a figure is
  the median over the rounds.
  """

  alias Bench.{Figure, Machine, Report, Timing, Workspace}

  @enforce_keys [:quick?, :json, :html, :svg, :machine, :workspace, :figures]
  defstruct @enforce_keys ++ [section: nil]

  @type t :: %__MODULE__{}

  @typedoc """
  How a side is measured: a function that is called over and over, or
  `{:sampler, fun}` with a function that returns a sample itself, in ns.
  """
  @type side :: (() -> term()) | {:sampler, (() -> number())}

  @ns_per %{"ns" => 1, "µs" => 1.0e3, "µs/file" => 1.0e3, "ms" => 1.0e6, "s" => 1.0e9}

  @doc "Prepares a run: a directory to work in, and what machine this is."
  @spec start(map()) :: t()
  def start(options) do
    workspace = Workspace.create()
    {:ok, figures} = Agent.start_link(fn -> [] end)

    %__MODULE__{
      quick?: options.quick?,
      json: options.json,
      html: options.html,
      svg: options.svg,
      machine: Machine.describe(workspace),
      workspace: workspace,
      figures: figures
    }
  end

  @doc "The value for a full run, or the one for a quick run."
  @spec pick(t(), value, value) :: value when value: term()
  def pick(%{quick?: quick?}, full, quick), do: if(quick?, do: quick, else: full)

  @doc """
  Measures a figure and reports it.

    * `:native`, `:baseline` (`t:side/0`)
    * `:caller` (`t:Bench.Timing.caller/0`): the process that makes the calls,
      by default one that lives as long as the sample
    * `:max_calls`: the most calls in one sample, for those that leave files
    * `:rounds`: by default 9, in a quick run 5
    * `:before`: called before every sample, untimed
    * `:per`: a sample is divided by this, for calls that do several things
    * `:note`: what a reader of the figure must know
  """
  @spec compare(t(), String.t(), String.t(), keyword()) :: Figure.t()
  def compare(run, name, unit, opts) do
    load = Machine.load()
    sides = Keyword.take(opts, [:native, :baseline])
    samples = samples(run, unit, sides, opts)
    opts = [note: opts[:note], load: load]
    report(run, name, unit, samples.native, samples.baseline, opts)
  end

  @doc """
  Takes the samples of any number of sides in turns, in the unit, without
  reporting them: for what is more than a figure of two sides. The options are
  those of `compare/4`.
  """
  @spec samples(t(), String.t(), [{key, side()}], keyword()) :: %{key => [float()]}
        when key: term()
  def samples(run, unit, sides, opts \\ []) do
    rounds = Keyword.get(opts, :rounds, pick(run, 9, 5))
    before = Keyword.get(opts, :before, fn -> :ok end)
    scale = Map.fetch!(@ns_per, unit) * Keyword.get(opts, :per, 1)

    samplers =
      for {key, side} <- sides do
        before.()
        {key, sampler(run, side, opts)}
      end

    taken =
      for _ <- 1..rounds, {key, sampler} <- samplers do
        before.()
        {key, sampler.() / scale}
      end

    Enum.group_by(taken, &elem(&1, 0), &elem(&1, 1))
  end

  @doc """
  Reports a figure that was measured some other way: the samples of both sides,
  already in the unit.
  """
  @spec report(t(), String.t(), String.t(), [number()], [number()], keyword()) :: Figure.t()
  def report(run, name, unit, natives, baselines, opts \\ []) do
    figure = %Figure{
      name: "#{run.section}/#{name}",
      unit: unit,
      native: natives,
      baseline: baselines,
      note: opts[:note],
      load: Keyword.get(opts, :load, Machine.load())
    }

    Report.figure(figure)
    Agent.update(run.figures, &[figure | &1])
    figure
  end

  @doc "All figures so far, in the order they were measured."
  @spec figures(t()) :: [Figure.t()]
  def figures(run), do: Agent.get(run.figures, &Enum.reverse/1)

  defp sampler(_run, {:sampler, fun}, _opts), do: fun

  defp sampler(run, fun, opts) when is_function(fun, 0) do
    caller = Keyword.get(opts, :caller, :plain)
    max_calls = Keyword.get(opts, :max_calls, 100_000)
    calls = Timing.calls_for(fun, pick(run, 40, 15), max_calls)
    fn -> Timing.sample(fun, calls, caller) end
  end
end
