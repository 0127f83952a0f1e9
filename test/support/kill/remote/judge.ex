defmodule PhoenixReplay.Native.Test.Kill.Remote.Judge do
  @moduledoc false
  # Holds a bucket, and what nodes have of it, against what was acknowledged.

  import PhoenixReplay.Native.Test.Kill.Inspector, only: [files: 1]

  alias PhoenixReplay.Native.Test.Kill.Oracle
  alias PhoenixReplay.Native.Test.Kill.Remote.Bucket

  # What an engine that is closed may leave beside the recordings.
  @kept ~w(.native/index .native/index.log .native/index.lock .native/id) ++
          ~w(.native/remote/id .native/remote/lock)

  # So often all nodes are asked whether all is done, while that changes what is in the bucket.
  @tries 20

  @doc """
  What is counted, and what is wrong. `ask` has all nodes do something, and gives their answers by
  their names.
  """
  def judge(state, nodes, oracle, ask) do
    with :ok <- settle(ask, state.server, nil, @tries) do
      keys = Bucket.keys(state.server)
      recordings = Bucket.recordings(keys)
      seen = Bucket.seen(state.server, recordings, Path.join(state.home, "copy"))
      checked = Oracle.check(oracle, seen, :all)

      wrong =
        checked.violations ++
          in_bucket(state.server, keys, recordings, checked) ++
          Enum.flat_map(ask.("look"), &unlike(&1, seen)) ++
          changed(keys, Bucket.keys(state.server)) ++
          closed(ask.("close"), state, nodes, recordings, checked)

      {counts(checked, seen), wrong}
    else
      {:violation, text} -> {%{}, [text]}
    end
  end

  # What one does may be news for another.
  defp settle(_ask, _server, _before, 0), do: {:violation, "the bucket goes on changing"}

  defp settle(ask, server, before, tries) do
    case Enum.reject(ask.("settle"), fn {_node, answer} -> answer == :ok end) do
      [] ->
        keys = Bucket.keys(server)
        # The parts of sessions go when the sessions are there as a whole.
        done? = keys == before and Bucket.kept(keys, "running") == []
        if done?, do: :ok, else: settle(ask, server, keys, tries - 1)

      others ->
        {:violation, "not all is done: #{inspect(others)}"}
    end
  end

  defp in_bucket(server, keys, recordings, oracle) do
    doubled = for {_file, [_, _ | _] = keys} <- recordings, do: "more than once: #{inspect(keys)}"
    ids = for {file, _keys} <- recordings, do: stem(file)
    twice = for id <- Enum.uniq(ids -- Enum.uniq(ids)), do: "#{id} is there in two formats"
    unknown = for key <- keys, Bucket.unknown?(key), do: "#{key} is no object that there may be"
    # Tombstones name what they are about.
    searched = Enum.reject(keys, &String.ends_with?(&1, ".gone"))

    traces =
      for {key, text} <- Bucket.traces(server, searched, oracle.erased),
          do: "of the erased #{text} there is a trace in the bucket, in #{key}"

    doubled ++ twice ++ unknown ++ traces
  end

  # All said that there is nothing left to do. Rows are a cache, which somebody may write anew.
  defp changed(before, later) do
    [before, later] = for keys <- [before, later], do: Enum.reject(keys, &(&1 =~ ~r/\.rows\z/))

    if before == later,
      do: [],
      else: [
        "later there are #{inspect(later -- before)}, and no more #{inspect(before -- later)}"
      ]
  end

  # A node has what the bucket has, lists it once, and reads the same.
  defp unlike({node, {:ok, %{listed: listed, read: read, stats: stats}}}, seen) do
    ids = Map.keys(seen)
    other = for {id, value} <- read, is_map_key(seen, id), value != seen[id], do: {id, value}

    for {what, value, wanted} <- [
          {"lists more", listed -- ids, []},
          {"lists less", ids -- listed, []},
          {"reads otherwise", other, []},
          {"counts objects", stats.remote.objects, length(ids)},
          {"counts unreadable objects", stats.remote.unreadable, 0},
          {"counts recordings", stats.recordings, length(ids)}
        ],
        value != wanted,
        do: "node #{node} #{what}: #{inspect(value)} instead of #{inspect(wanted)}"
  end

  defp unlike({node, other}, _seen),
    do: ["node #{node} could not be looked at: #{inspect(other)}"]

  defp closed(answers, state, nodes, recordings, oracle) do
    # That it goes, a node that is busy need not have said in time.
    refused = for {node, answer} <- answers, answer != :ok, do: "node #{node}: #{inspect(answer)}"

    refused ++ Enum.flat_map(nodes, &left(&1, state.server, recordings, oracle))
  end

  # Copies are the same bytes, and there is nothing else.
  defp left(node, server, recordings, oracle) do
    # What somebody who was killed was writing goes after an hour.
    files = Enum.reject(files(node.path), &String.starts_with?(&1, ".native/remote/tmp-"))

    {names, others} = Enum.split_with(files -- @kept, &(not String.contains?(&1, "/")))
    extra = for name <- names, not is_map_key(recordings, name), do: name

    unequal =
      for name <- names,
          [key | _] <- [recordings[name]],
          File.read!(Path.join(node.path, name)) != File.read!(Path.join(server.folder, key)),
          do: "#{name} of node #{node.name} is not what is in the bucket"

    left =
      if extra ++ others == [],
        do: [],
        else: ["node #{node.name} has left behind #{inspect(extra ++ others)}"]

    unequal ++ left ++ traces(node, files, oracle.erased)
  end

  defp traces(_node, _files, []), do: []

  defp traces(node, files, erased) do
    pattern = :binary.compile_pattern(erased)

    for file <- files,
        content = file <> "\n" <> File.read!(Path.join(node.path, file)),
        {at, length} <- Enum.take(:binary.matches(content, pattern), 1),
        text = binary_part(content, at, length),
        do: "of the erased #{text} there is a trace in #{file} of node #{node.name}"
  end

  defp counts(oracle, seen) do
    gone = for {id, [:absent]} <- oracle.values, do: id

    %{
      recordings: map_size(seen),
      sessions: Enum.count(seen, &match?({_id, {:session, _events}}, &1)),
      deleted: length(gone),
      erased: length(oracle.erased)
    }
  end

  defp stem(file), do: file |> String.split(".") |> hd()
end
