defmodule PhoenixReplay.Sanitizer do
  @moduledoc """
  Decides what of a LiveView's assigns and params gets into a recording.

  The functions of this module are the default. Another module that implements
  the behaviour takes their place with

      config :phoenix_replay, sanitizer: MyApp.ReplaySanitizer

  and may call them for what it does not treat itself. They

    * drop the assigns that belong to LiveView or to the recorder
    * drop passwords, tokens and secrets, by key, from maps in maps and lists
    * reduce forms and changesets to what a template can show, and make maps of
      schemas

  Other structs and tuples stay as they are, with everything in them, and so do
  the params of forms and changesets. An improper list raises, and so does a map whose
  `:__struct__` is no module.
  """

  @internal [:__changed__, :flash, :uploads, :streams, :_replay_id, :_replay_t0]

  @sensitive ~w(password current_password password_confirmation token user_token secret) ++
               ~w(csrf_token _csrf_token)

  @doc "Sanitizes all assigns."
  @callback sanitize_assigns(assigns :: map()) :: map()

  @doc "Picks and sanitizes the assigns that `changed` has as keys."
  @callback sanitize_delta(changed :: map(), assigns :: map()) :: map()

  @doc "Sanitizes the params of a mount, an event or a navigation."
  @callback sanitize_params(params :: map()) :: map()

  @optional_callbacks sanitize_params: 1

  @doc "Sanitizes all assigns."
  @spec sanitize_assigns(map()) :: map()
  def sanitize_assigns(assigns) when is_map(assigns),
    do: assigns |> Map.drop(@internal) |> fields()

  @doc """
  Picks and sanitizes the assigns that `changed` has as keys; one that is gone is
  nil.
  """
  @spec sanitize_delta(map(), map()) :: map()
  def sanitize_delta(changed, assigns) when is_map(changed) and is_map(assigns) do
    changed |> Map.new(fn {key, _} -> {key, Map.get(assigns, key)} end) |> sanitize_assigns()
  end

  @doc "Sanitizes params or a session."
  @spec sanitize_params(map()) :: map()
  def sanitize_params(params) when is_map(params), do: fields(params)

  defp fields(map) do
    for {key, value} <- map, not sensitive?(key), into: %{}, do: {key, clean(value)}
  end

  defp clean(%{__struct__: Phoenix.HTML.Form} = form) do
    %{form | source: clean(form.source), data: clean(form.data), options: []}
  end

  defp clean(%{__struct__: Ecto.Changeset} = changeset) do
    %{
      changeset
      | data: clean(changeset.data),
        changes: clean(changeset.changes),
        types: nil,
        validations: [],
        prepare: [],
        repo: nil,
        repo_opts: []
    }
  end

  defp clean(%{__struct__: module} = struct) do
    if function_exported?(module, :__schema__, 1),
      do: struct |> Map.from_struct() |> Map.delete(:__meta__) |> fields(),
      else: struct
  end

  defp clean(map) when is_map(map), do: fields(map)
  defp clean(list) when is_list(list), do: Enum.map(list, &clean/1)
  defp clean(value), do: value

  defp sensitive?(key) when is_binary(key), do: String.downcase(key) in @sensitive
  defp sensitive?(key) when is_atom(key), do: key |> Atom.to_string() |> sensitive?()
  defp sensitive?(key), do: key |> inspect() |> sensitive?()
end
