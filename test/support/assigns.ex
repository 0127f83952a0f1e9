defmodule PhoenixReplay.Native.Test.Assigns do
  @moduledoc false
  # Random assigns, edited as a LiveView's are: what an edit does not touch is
  # mostly the same term as before, and at times a copy.

  alias PhoenixReplay.Native.Test.Terms

  defmodule Item do
    @moduledoc false
    defstruct [:__meta__, :id, :title, :password, :tags, :owner]
    def __schema__(:fields), do: []
  end

  defmodule Point do
    @moduledoc false
    defstruct [:x, :y, :token]
  end

  @names ~w(items form user page filter password token count)a
  @keys [
          :id,
          :name,
          :data,
          :source,
          :secret,
          "token",
          "PASSWORD",
          "to\u212Aen",
          "name",
          1,
          {:a, 1}
        ] ++
          [:options, :__meta__, nil, "é", 1.5, :Token]

  @doc "The assigns of a view."
  def any do
    # As whatever makes such structs is.
    Enum.each([Item, Point, Date, DateTime, Range], &Code.ensure_loaded!/1)
    base = %{__changed__: %{}, flash: %{}, _replay_id: "id", _replay_t0: 0}
    for name <- @names, into: base, do: {name, value(Enum.random([4, 40]))}
  end

  @doc "Assigns after an edit, and what changed."
  def edit(assigns) do
    changes =
      for name <- Enum.take_random(@names ++ [:flash], :rand.uniform(3)),
          into: %{},
          do: {name, assigns |> Map.get(name) |> edited(6) |> perhaps_copied()}

    {Map.new(changes, fn {name, _} -> {name, true} end), Map.merge(assigns, changes)}
  end

  defp perhaps_copied(term) do
    case :rand.uniform(12) do
      1 -> term |> :erlang.term_to_binary() |> :erlang.binary_to_term()
      2 -> fn -> term end |> Task.async() |> Task.await(:infinity)
      _ -> term
    end
  end

  defp value(size) when size < 2, do: leaf()

  defp value(size) do
    case :rand.uniform(13) do
      n when n < 4 -> for(_ <- 1..:rand.uniform(size), do: value(div(size, 3)))
      n when n < 6 -> map(size)
      6 -> wide(size)
      7 -> item(size)
      8 -> for(n <- 1..:rand.uniform(60), do: %Item{id: n, title: "item #{n}", tags: ["a"]})
      9 -> %Point{x: value(1), y: value(div(size, 2)), token: "kept"}
      10 -> form(size)
      11 -> changeset(size)
      12 -> {:ok, map(size), [password: 1]}
      _ -> leaf()
    end
  end

  defp leaf do
    case :rand.uniform(6) do
      1 -> Terms.leaf()
      2 -> String.duplicate("text ", :rand.uniform(40))
      3 -> Enum.random([nil, true, [], %{}, ~c"chars", [0, 255], [256, 1]])
      4 -> DateTime.from_unix!(:rand.uniform(1_000_000_000))
      _ -> Enum.random([1, 2, "a", :b, 1.5])
    end
  end

  defp map(size) do
    for key <- Enum.take_random(@keys, :rand.uniform(6)),
        into: %{},
        do: {key, value(div(size, 3))}
  end

  # More than 32 keys make another kind of map in the VM.
  defp wide(size) do
    for n <- 1..(60 + :rand.uniform(20)), into: map(1), do: {{:key, n}, value(div(size, 20))}
  end

  defp item(size) do
    %Item{id: 1, title: value(1), password: "p", tags: value(div(size, 3)), owner: map(size)}
  end

  defp form(size) do
    fields = %{
      __struct__: Phoenix.HTML.Form,
      source: Enum.random([map(size), changeset(size)]),
      data: item(1),
      options: [method: "post"],
      params: %{"title" => value(1), "password" => "kept"},
      errors: []
    }

    Map.merge(fields, Enum.random([%{}, %{id: "form", name: value(1)}]))
  end

  defp changeset(size) do
    %{
      __struct__: Ecto.Changeset,
      data: item(size),
      changes: map(size),
      types: %{title: :string},
      validations: [title: {:length, [min: 3]}],
      prepare: [&String.trim/1],
      repo: Enum.random([nil, Repo]),
      repo_opts: [],
      params: map(1),
      valid?: true
    }
  end

  defp edited(_term, 0), do: value(8)

  defp edited(list, depth) when is_list(list) and list != [] do
    at = :rand.uniform(length(list)) - 1

    case :rand.uniform(9) do
      1 -> [value(4) | list]
      2 -> list ++ [value(4), value(2)]
      3 -> List.insert_at(list, at, value(4))
      4 -> List.delete_at(list, at)
      5 -> Enum.reverse(list)
      6 -> Enum.drop(list, at)
      7 -> list |> Enum.take_random(at) |> Enum.map(& &1)
      _ -> List.update_at(list, at, &edited(&1, depth - 1))
    end
  end

  defp edited(%{} = map, depth) when map_size(map) > 0 do
    keys = Map.keys(map) -- [:__struct__]

    case {:rand.uniform(6), is_map_key(map, :__struct__), keys} do
      {_, _, []} -> value(8)
      {1, false, _} -> Map.put(map, Enum.random(@keys), value(4))
      {2, false, _} -> Map.delete(map, Enum.random(keys))
      {3, false, _} -> Map.new(map)
      _ -> Map.update!(map, Enum.random(keys), &edited(&1, depth - 1))
    end
  end

  defp edited(tuple, depth) when is_tuple(tuple) and tuple != {} do
    at = :rand.uniform(tuple_size(tuple)) - 1
    put_elem(tuple, at, edited(elem(tuple, at), depth - 1))
  end

  defp edited(_term, _depth), do: value(8)
end
