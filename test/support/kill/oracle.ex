defmodule PhoenixReplay.Native.Test.Kill.Oracle do
  @moduledoc false
  # What may be in a directory, by what workers have noted: for each id the values that it may
  # have, `:absent` among them. What is acknowledged leaves one value; what was begun leaves the
  # old and the new. Once a directory has been looked at, what was seen is the only value.
  # `:replaced` are ids whose old file may be left beside the new one, in another format: the end
  # came between the two, and only the next change of the recording removes it.

  defstruct values: %{}, groups: %{}, erased: [], replaced: MapSet.new(), violations: []

  @doc "With the notes of one more run."
  def add(oracle, ledgers), do: Enum.reduce(ledgers, oracle, &add_worker(&2, &1))

  defp add_worker(oracle, notes) do
    {oracle, begun} = Enum.reduce(notes, {oracle, nil}, &note/2)
    if begun, do: began(oracle, begun), else: oracle
  end

  defp note({:begin, operation}, {oracle, nil}), do: {oracle, operation}
  defp note(:done, {oracle, operation}), do: {done(oracle, operation), nil}

  # A session has no end that is acknowledged.
  defp note({:begin, _} = note, {oracle, {:session, _} = session}),
    do: note(note, {began(oracle, session), nil})

  defp note({:acked, id, n}, {oracle, session}),
    do: {allow(oracle, id, [{:session, n..(n + 1)}]), session && nil}

  defp note({:violation, text}, {oracle, operation}),
    do: {%{oracle | violations: [text | oracle.violations]}, operation}

  defp began(oracle, {:save, id, version, format}) do
    oracle = also(oracle, id, {:saved, version, format})
    %{oracle | replaced: MapSet.put(oracle.replaced, id)}
  end

  defp began(oracle, {:session, id}), do: also(oracle, id, {:session, 0..1})
  defp began(oracle, {:delete, id}), do: also(oracle, id, :absent)

  defp began(oracle, {:rewrite, ids, version}) do
    Enum.reduce(ids, oracle, &also(&2, &1, rewritten(&2, &1, version)))
  end

  defp began(oracle, {:erase, group, ids}) do
    oracle = Enum.reduce(ids, oracle, &also(&2, &1, :absent))
    %{oracle | groups: Map.put(oracle.groups, group, ids)}
  end

  defp done(oracle, {:save, id, version, format}),
    do: allow(oracle, id, [{:saved, version, format}])

  defp done(oracle, {:delete, id}), do: allow(oracle, id, [:absent])

  defp done(oracle, {:rewrite, ids, version}) do
    Enum.reduce(ids, oracle, &allow(&2, &1, [rewritten(&2, &1, version)]))
  end

  defp done(oracle, {:erase, group, ids}) do
    oracle = Enum.reduce(ids, oracle, &allow(&2, &1, [:absent]))
    %{oracle | erased: [group | oracle.erased]}
  end

  defp allow(oracle, id, values), do: %{oracle | values: Map.put(oracle.values, id, values)}
  defp also(oracle, id, value), do: allow(oracle, id, [value | values(oracle, id)])
  defp values(oracle, id), do: Map.get(oracle.values, id, [:absent])

  # It is rewritten in the format that its file has.
  defp rewritten(oracle, id, version) do
    [{:saved, _version, format}] = oracle.values[id]
    {:saved, version, format}
  end

  @doc """
  Holds what was seen, a map of ids to values, against what may be there, of which
  the newest `keep` are kept at least, or all. Returns what is known now.
  """
  def check(oracle, seen, keep) do
    unknown = for {id, _} <- seen, not is_map_key(oracle.values, id), do: "#{id} was never begun"
    pruned = pruned(seen, keep)

    wrong =
      for {id, allowed} <- oracle.values,
          value = Map.get(seen, id, :absent),
          not Enum.any?(allowed, &allows?(&1, value)),
          not (value == :absent and pruned.(id)) do
        "#{id} is #{inspect(value)}, and should be #{inspect(allowed)}"
      end

    torn =
      for {group, ids} <- oracle.groups,
          {[_ | _] = there, [_ | _] = gone} <- [Enum.split_with(ids, &is_map_key(seen, &1))] do
        "of #{group} there are #{inspect(there)}, and #{inspect(gone)} are gone"
      end

    gone = for {group, [id | _]} <- oracle.groups, not is_map_key(seen, id), do: group
    values = Map.new(oracle.values, fn {id, _} -> {id, [Map.get(seen, id, :absent)]} end)

    %{
      oracle
      | values: values,
        groups: %{},
        erased: gone ++ oracle.erased,
        violations: unknown ++ wrong ++ torn ++ oracle.violations
    }
  end

  defp allows?({:session, %Range{} = events}, {:session, n}), do: n in events
  # Without an event of a user it is dropped when it ends.
  defp allows?({:session, 0.._//_}, :absent), do: true
  defp allows?(value, value), do: true
  defp allows?(_, _), do: false

  # Whether so many are newer that it may have been deleted.
  defp pruned(_seen, :all), do: fn _id -> false end

  defp pruned(seen, keep) do
    oldest = seen |> Map.keys() |> Enum.map(&number/1) |> Enum.sort(:desc) |> Enum.at(keep - 1)
    fn id -> oldest != nil and number(id) < oldest end
  end

  defp number(id), do: id |> String.split("-") |> List.last() |> String.to_integer()
end
