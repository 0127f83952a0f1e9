defmodule PhoenixReplay.Native.Filter do
  @moduledoc false
  # What recordings must be like, from the keywords of a user, which
  # `PhoenixReplay.Native` describes, to what the native library takes, by name
  # (filter.rs). A key without a value is nil.

  alias PhoenixReplay.Native.{Error, Keys, Subject}

  @keys [:view, :url, :subject, :id, :from, :to, :min_events, :max_events] ++
          [:min_duration_ms, :max_duration_ms, :event, :active, :recovered, :truncated, :contains]

  defstruct @keys

  @type t :: %__MODULE__{
          view: [String.t()] | nil,
          url: binary() | nil,
          subject: [Subject.t()] | nil,
          id: binary() | nil,
          from: integer() | nil,
          to: integer() | nil,
          min_events: non_neg_integer() | nil,
          max_events: non_neg_integer() | nil,
          min_duration_ms: non_neg_integer() | nil,
          max_duration_ms: non_neg_integer() | nil,
          event: [binary()] | nil,
          active: boolean() | nil,
          recovered: boolean() | nil,
          truncated: boolean() | nil,
          contains: {:text, binary()} | {:integer, decimal :: binary()} | nil
        }

  # The native library's integers have 64 bits.
  @max 0x7FFF_FFFF_FFFF_FFFF
  @min -@max - 1

  # As much as the native library searches for.
  @max_text_bytes 4096
  @max_digits 1024
  @too_large Integer.pow(10, @max_digits)

  @doc "The filters there are."
  @spec keys() :: [atom()]
  def keys, do: @keys

  @doc "Checks filters."
  @spec new(keyword()) :: {:ok, t()} | {:error, Error.reason()}
  def new(filters) do
    case Keys.check(filters, @keys) do
      :ok -> Enum.reduce_while(filters, {:ok, %__MODULE__{}}, &put/2)
      :no_keywords -> {:error, {:invalid_filter, :filters, "a keyword list"}}
      {:unknown, keys} -> {:error, {:unknown_filters, keys, @keys}}
      {:repeated, key} -> {:error, {:invalid_filter, key, "given once"}}
    end
  end

  defp put({key, value}, {:ok, filter}) do
    case value(key, value) do
      {:ok, value} -> {:cont, {:ok, Map.put(filter, key, value)}}
      :error -> {:halt, {:error, {:invalid_filter, key, expected(key)}}}
    end
  end

  defp value(:view, views), do: each(views, &view/1)
  defp value(:event, names), do: each(names, &name/1)
  # None is not looked for: who has no id must not erase all that is nobody's.
  defp value(:subject, subjects),
    do: each(subjects, &if(Subject.valid?(&1), do: &1, else: :error))

  defp value(key, part) when key in [:url, :id] and is_binary(part), do: {:ok, part}
  defp value(key, time) when key in [:from, :to], do: time(time)

  defp value(key, flag) when key in [:active, :recovered, :truncated] and is_boolean(flag),
    do: {:ok, flag}

  defp value(key, number)
       when key in [:min_events, :max_events, :min_duration_ms, :max_duration_ms] and
              number in 0..@max,
       do: {:ok, number}

  defp value(:contains, text) when is_binary(text) and byte_size(text) in 1..@max_text_bytes,
    do: {:ok, {:text, text}}

  defp value(:contains, number)
       when is_integer(number) and number < @too_large and number > -@too_large,
       do: {:ok, {:integer, Integer.to_string(number)}}

  defp value(_key, _value), do: :error

  defp each(values, fun) when is_list(values) do
    values = if List.improper?(values), do: [:error], else: Enum.map(values, fun)
    if :error in values, do: :error, else: {:ok, values}
  end

  defp each(value, fun), do: each([value], fun)

  # As the native library writes a recording's view, where none is "".
  defp view(nil), do: ""
  defp view(module) when is_atom(module), do: inspect(module)

  defp view(name) when is_binary(name),
    do: if(String.valid?(name), do: String.replace_prefix(name, "Elixir.", ""), else: :error)

  defp view(_other), do: :error

  defp name(name) when is_binary(name), do: name
  defp name(_other), do: :error

  defp time(ms) when ms in @min..@max, do: {:ok, ms}

  # Recordings know milliseconds: the first that is not before.
  defp time(%DateTime{year: year} = time) when year >= 0,
    do: {:ok, -Integer.floor_div(-DateTime.to_unix(time, :microsecond), 1000)}

  defp time(_other), do: :error

  defp expected(:view), do: "a module, its name, or a list of them"

  defp expected(:subject),
    do: "a binary of 1 to 255 bytes, an integer of 64 bits, or a list of them"

  defp expected(:event), do: "the name of an event, or a list of them"
  defp expected(key) when key in [:url, :id], do: "a binary"

  defp expected(:contains),
    do: "a text of 1 to #{@max_text_bytes} bytes, or an integer of up to #{@max_digits} digits"

  defp expected(key) when key in [:from, :to], do: "a DateTime or Unix milliseconds"
  defp expected(key) when key in [:active, :recovered, :truncated], do: "true or false"
  defp expected(_number), do: "a non-negative integer"
end
