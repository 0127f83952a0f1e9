defmodule Bench.Figure do
  @moduledoc """
  One figure: the samples of both sides in the same unit, of which less is
  better, and what is made of them.
  """

  @enforce_keys [:name, :unit, :native, :baseline]
  defstruct @enforce_keys ++ [note: nil, load: nil]

  @type t :: %__MODULE__{
          name: String.t(),
          unit: String.t(),
          native: [number()],
          baseline: [number()],
          note: String.t() | nil,
          load: String.t() | nil
        }

  @doc "How many times better the native side is: baseline ÷ native."
  @spec ratio(t()) :: float()
  def ratio(figure), do: median(figure.baseline) / max(median(figure.native), 1.0e-9)

  @doc """
  The interquartile range in percent of the median, of the side where it is
  wider. The middle half of the samples lies within it.
  """
  @spec spread_percent(t()) :: float()
  def spread_percent(figure), do: max(spread(figure.native), spread(figure.baseline))

  defp spread(samples) do
    100 * (quantile(samples, 0.75) - quantile(samples, 0.25)) / max(median(samples), 1.0e-9)
  end

  @doc "The median of samples."
  @spec median([number()]) :: float()
  def median(samples), do: quantile(samples, 0.5)

  # Between two samples, the point in proportion.
  defp quantile(samples, q) do
    sorted = Enum.sort(samples)
    position = q * (length(sorted) - 1)
    lower = Enum.at(sorted, floor(position))
    upper = Enum.at(sorted, ceil(position))
    lower + (upper - lower) * (position - floor(position))
  end

  @doc "The line of the report: six fields with tabs between."
  @spec line(t()) :: String.t()
  def line(figure) do
    [
      figure.name,
      number(median(figure.native)),
      number(median(figure.baseline)),
      figure.unit,
      number(ratio(figure)),
      number(spread_percent(figure))
    ]
    |> Enum.join("\t")
  end

  # Four digits that mean something, and no exponent.
  defp number(value) when abs(value) >= 1000, do: Integer.to_string(round(value))

  defp number(value) do
    decimals = if value == 0, do: 0, else: 3 - floor(:math.log10(abs(value)))
    :erlang.float_to_binary(value / 1, [:compact, decimals: min(decimals, 12)])
  end
end
