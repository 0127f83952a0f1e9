defmodule PhoenixReplay.Recording do
  @moduledoc """
  One recorded LiveView session.

  Events are `{offset_ms, type, payload}`, oldest first, with the offset counted
  from `connected_at` (Unix milliseconds).
  """

  defstruct [:id, :view, :url, :params, :session, :connected_at, events: []]

  @typedoc "What happened."
  @type event_type :: :mount | :event | :handle_params | :info | :assigns

  @typedoc """
  The payload depends on the type: `:mount` has `%{assigns: map}`, `:event`
  `%{name: name, params: params}`, `:handle_params` `%{params: params, url: url}`,
  `:info` `%{}`, `:assigns` `%{delta: map}` or `%{snapshot: map}`.
  """
  @type event :: {offset_ms :: non_neg_integer(), event_type(), payload :: map()}

  @type t :: %__MODULE__{
          id: binary() | nil,
          view: module() | String.t() | nil,
          url: String.t() | nil,
          params: map() | nil,
          session: map() | nil,
          connected_at: integer() | nil,
          events: [event()]
        }

  @doc "What the assigns were after the event with this index, the first being 0."
  @spec accumulated_assigns(t(), non_neg_integer()) :: map()
  def accumulated_assigns(%__MODULE__{events: events}, index) do
    events |> Enum.take(index + 1) |> Enum.reduce(%{}, &assigns_after/2)
  end

  defp assigns_after({_offset, :mount, %{assigns: assigns}}, _before), do: assigns
  defp assigns_after({_offset, :assigns, %{snapshot: assigns}}, _before), do: assigns

  defp assigns_after({_offset, :assigns, %{delta: delta}}, before), do: Map.merge(before, delta)
  defp assigns_after(_event, before), do: before
end
