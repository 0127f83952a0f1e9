defmodule PhoenixReplay.Recording do
  @moduledoc """
  One recorded LiveView session.

  Events are `{offset_ms, type, payload}`, oldest first, with the offset counted
  from `connected_at` (Unix milliseconds).
  """

  defstruct [:id, :view, :url, :params, :session, :connected_at, :events]

  @typedoc "What happened; a string when it was read from JSON and no such atom exists."
  @type event_type :: :mount | :event | :handle_params | :info | :assigns | String.t()

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
          events: [event()] | nil
        }
end
