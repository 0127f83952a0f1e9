defmodule PhoenixReplay.Storage.Serializer do
  @moduledoc """
  Turns recordings into bytes and back.

    * `:etf` is the external term format of a plain map with the seven fields
      of a recording as atom keys.
    * `:json` is an object with the same fields as strings. The view is what
      `inspect/1` makes of it. In payloads structs become objects that keep their
      fields and add `"__struct__"`, atoms become strings (`true`, `false` and
      `nil` stay), tuples become arrays. `params` and `session` are encoded as
      they are.

  Decoding creates no atoms. What JSON cannot tell apart stays what it became:
  payloads read from JSON have string keys. A term or an object that is not a
  recording raises.
  """

  alias PhoenixReplay.{JSON, Recording}

  @type format :: :etf | :json

  @fields [:id, :view, :url, :params, :session, :connected_at, :events]

  @doc """
  Encodes a recording; compressing it is up to the caller.

  Anything can be encoded as `:etf`. For `:json` it is an error when the
  recording holds what JSON cannot, such as a pid or text that is not UTF-8.
  """
  @spec encode(Recording.t(), format()) :: {:ok, iodata()} | {:error, term()}
  def encode(%Recording{} = recording, :etf) do
    {:ok, :erlang.term_to_binary(Map.from_struct(recording))}
  end

  def encode(%Recording{} = recording, :json) do
    JSON.encode(%{
      "id" => recording.id,
      "view" => inspect(recording.view),
      "url" => recording.url,
      "params" => recording.params,
      "session" => recording.session,
      "connected_at" => recording.connected_at,
      "events" => Enum.map(recording.events, &event_to_json/1)
    })
  end

  @doc """
  Decodes what `encode/2` made. It is an error when it is not ETF or not JSON, or
  mentions an atom in ETF that does not exist.
  """
  @spec decode(binary(), format()) :: {:ok, Recording.t()} | {:error, term()}
  def decode(data, :etf) do
    with {:ok, term} <- term(data) do
      {:ok, struct!(Recording, for(field <- @fields, do: {field, Map.fetch!(term, field)}))}
    end
  end

  def decode(data, :json) do
    with {:ok, fields} <- JSON.decode(data) do
      {:ok,
       %Recording{
         id: fields["id"],
         view: view_from_name(fields["view"]),
         url: fields["url"],
         params: fields["params"] || %{},
         session: fields["session"] || %{},
         connected_at: fields["connected_at"],
         events: Enum.map(fields["events"] || [], &event_from_json/1)
       }}
    end
  end

  @doc "How the names of files in this format end."
  @spec extension(format()) :: String.t()
  def extension(:etf), do: ".etf.gz"
  def extension(:json), do: ".json.gz"

  defp term(data) do
    {:ok, :erlang.binary_to_term(data, [:safe])}
  rescue
    error in ArgumentError -> {:error, error}
  end

  defp event_to_json({offset, type, payload}) do
    %{"offset" => offset, "type" => to_string(type), "payload" => plain(payload)}
  end

  # The five types exist as atoms in any system that has recorded.
  defp event_from_json(%{"offset" => offset, "type" => type, "payload" => payload}) do
    {offset, String.to_existing_atom(type), payload}
  end

  defp view_from_name(name) when is_binary(name) do
    String.to_existing_atom("Elixir." <> String.trim_leading(name, "Elixir."))
  rescue
    ArgumentError -> name
  end

  defp plain(value) when is_boolean(value) or is_nil(value), do: value
  defp plain(value) when is_atom(value), do: Atom.to_string(value)

  defp plain(%module{} = struct) do
    struct |> Map.from_struct() |> Map.put("__struct__", inspect(module)) |> plain()
  end

  defp plain(map) when is_map(map) do
    Map.new(for {key, value} <- Map.to_list(map), do: {plain_key(key), plain(value)})
  end

  defp plain(list) when is_list(list), do: Enum.map(list, &plain/1)
  defp plain(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> plain()
  defp plain(other), do: other

  # Of what else may be a key, JSON makes a string itself, or an error.
  defp plain_key(key) when is_atom(key), do: to_string(key)
  defp plain_key(key), do: key
end
