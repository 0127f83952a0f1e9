defmodule PhoenixReplay.Sanitizer do
  @moduledoc """
  Decides what of a LiveView's assigns and params gets into a recording.

  The functions of this module are the default. Another module that implements
  the behaviour takes their place with

      config :phoenix_replay, sanitizer: MyApp.ReplaySanitizer

  and may call them for what it does not treat itself. They

    * drop the assigns that belong to LiveView or to the recorder
    * drop passwords, tokens and secrets, by key, from maps at any depth
    * reduce forms, changesets and schemas to what a template can show
  """

  @internal [:__changed__, :flash, :uploads, :streams, :_replay_id, :_replay_t0]

  @sensitive ~w(password current_password password_confirmation token user_token secret) ++
               ~w(csrf_token _csrf_token)

  # Their fields are their own affair, and hold no assigns of the application.
  @values [
    Date,
    Time,
    DateTime,
    NaiveDateTime,
    MapSet,
    Range,
    Regex,
    URI,
    Version,
    Decimal
  ]

  @changeset_fields [:__struct__, :action, :changes, :data, :errors, :params, :required, :valid?]

  @doc "Sanitizes all assigns."
  @callback sanitize_assigns(assigns :: map()) :: map()

  @doc "Picks and sanitizes the assigns that `changed` has as keys."
  @callback sanitize_delta(changed :: map(), assigns :: map()) :: map()

  @doc "Sanitizes the params of a mount, an event or a navigation."
  @callback sanitize_params(params :: map()) :: map()

  @optional_callbacks sanitize_params: 1

  @doc "The configured sanitizer."
  @spec sanitizer() :: module()
  def sanitizer, do: Application.get_env(:phoenix_replay, :sanitizer, __MODULE__)

  @doc "Sanitizes all assigns."
  @spec sanitize_assigns(map()) :: map()
  def sanitize_assigns(assigns), do: assigns |> Map.drop(@internal) |> clean()

  @doc "Picks and sanitizes the assigns that `changed` has as keys."
  @spec sanitize_delta(map(), map()) :: map()
  def sanitize_delta(changed, assigns) do
    assigns |> Map.take(Map.keys(changed)) |> sanitize_assigns()
  end

  @doc "Sanitizes params; what is not a map (`:not_mounted_at_router`) stays."
  @spec sanitize_params(params) :: params when params: map() | atom()
  def sanitize_params(params), do: clean(params)

  defp clean(%module{} = value) when module in @values, do: value

  defp clean(%{__struct__: Ecto.Changeset} = changeset) do
    changeset |> Map.take(@changeset_fields) |> clean_fields()
  end

  defp clean(%{__struct__: _schema, __meta__: %{__struct__: Ecto.Schema.Metadata}} = record) do
    record
    |> Map.delete(:__meta__)
    |> Map.reject(fn {_field, value} -> not_loaded?(value) end)
    |> clean_fields()
  end

  defp clean(map) when is_map(map), do: clean_fields(map)
  defp clean([head | tail]), do: [clean(head) | clean(tail)]

  defp clean(tuple) when is_tuple(tuple),
    do: tuple |> Tuple.to_list() |> clean() |> List.to_tuple()

  defp clean(value), do: value

  # Structs, `Phoenix.HTML.Form` among them, keep their `__struct__`.
  defp clean_fields(map) do
    for {key, value} <- :maps.to_list(map), not sensitive?(key), into: %{} do
      {key, clean(value)}
    end
  end

  defp not_loaded?(%{__struct__: Ecto.Association.NotLoaded}), do: true
  defp not_loaded?(_value), do: false

  defp sensitive?(key) when is_binary(key), do: String.downcase(key, :ascii) in @sensitive
  defp sensitive?(key) when is_atom(key), do: key |> Atom.to_string() |> sensitive?()
  defp sensitive?(_key), do: false
end
