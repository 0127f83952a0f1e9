defmodule PhoenixReplay.Storage.Serializer do
  @moduledoc """
  Turns recordings into bytes and back.

    * `:etf` is the external term format of a plain map with the seven fields
      of a recording as atom keys.
    * `:json` is an object with the same fields as strings. In payloads structs
      become objects that keep their fields and add `"__struct__"`, atoms become
      strings (`true`, `false` and `nil` stay), tuples become arrays. `params`
      and `session` are encoded as they are.

  Decoding creates no atoms. What JSON cannot tell apart stays what it became:
  payloads read from JSON have string keys.
  """

  alias PhoenixReplay.{JSON, Recording}

  @type format :: :etf | :json

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
      "view" => view_name(recording.view),
      "url" => recording.url,
      "params" => recording.params,
      "session" => recording.session,
      "connected_at" => recording.connected_at,
      "events" => Enum.map(recording.events, &event_to_json/1)
    })
  rescue
    exception -> {:error, exception}
  end

  @doc "Decodes what `encode/2` made, gzipped or not; `:error` when it is damaged."
  @spec decode(binary(), format()) :: {:ok, Recording.t()} | :error
  def decode(data, format) do
    data |> decompress() |> parse(format)
  rescue
    _damaged -> :error
  catch
    _kind, _damaged -> :error
  end

  defp decompress(<<0x1F, 0x8B, _::binary>> = data), do: :zlib.gunzip(data)
  defp decompress(data), do: data

  defp parse(data, :etf) do
    case :erlang.binary_to_term(data, [:safe]) do
      %{id: _, view: _, url: _, params: _, session: _, connected_at: at, events: events} = fields
      when is_integer(at) and is_list(events) ->
        {:ok, struct(Recording, fields)}

      _other ->
        :error
    end
  end

  defp parse(data, :json) do
    case JSON.decode(data) do
      {:ok, %{"id" => id, "connected_at" => at, "events" => events} = fields}
      when is_integer(at) ->
        {:ok,
         %Recording{
           id: id,
           view: view_from_name(fields["view"]),
           url: fields["url"],
           params: fields["params"] || %{},
           session: fields["session"] || %{},
           connected_at: at,
           events: Enum.map(events, &event_from_json/1)
         }}

      _other ->
        :error
    end
  end

  defp event_to_json({offset, type, payload}) do
    %{"offset" => offset, "type" => type, "payload" => plain(payload)}
  end

  defp event_from_json(%{"offset" => offset, "type" => type, "payload" => payload}) do
    {offset, event_type(type), payload}
  end

  # Spelled out, so that these five exist whatever else is loaded.
  for type <- [:mount, :event, :handle_params, :info, :assigns] do
    defp event_type(unquote(Atom.to_string(type))), do: unquote(type)
  end

  defp event_type(other), do: existing_atom(other, other)

  defp view_name(nil), do: nil
  defp view_name(view) when is_atom(view), do: inspect(view)
  defp view_name(view), do: view

  defp view_from_name(nil), do: nil
  defp view_from_name(name), do: existing_atom("Elixir." <> name, name)

  defp existing_atom(text, otherwise) do
    String.to_existing_atom(text)
  rescue
    ArgumentError -> otherwise
  end

  defp plain(value) when is_boolean(value) or is_nil(value), do: value
  defp plain(value) when is_atom(value), do: Atom.to_string(value)

  defp plain(%module{} = struct) do
    fields =
      for {key, value} <- Map.to_list(struct),
          key != :__struct__,
          do: {plain_key(key), plain(value)}

    Map.new([{"__struct__", inspect(module)} | fields])
  end

  defp plain(map) when is_map(map) do
    Map.new(for {key, value} <- Map.to_list(map), do: {plain_key(key), plain(value)})
  end

  defp plain(list) when is_list(list), do: Enum.map(list, &plain/1)
  defp plain(tuple) when is_tuple(tuple), do: tuple |> Tuple.to_list() |> plain()
  defp plain(other), do: other

  defp plain_key(key) when is_binary(key), do: key
  defp plain_key(key) when is_atom(key), do: Atom.to_string(key)
  defp plain_key(key) when is_number(key), do: to_string(key)
  defp plain_key(key), do: inspect(key)
end
