defmodule PhoenixReplay.Native.Test.Attack.Arguments do
  @moduledoc false
  # Calls every native function with what it does not expect: each odd term in each place, the
  # others being as they should, and in each place of a map or tuple that it takes.

  alias PhoenixReplay.Native.{Directories, Error, Filter, Nif, Options, Store}
  alias PhoenixReplay.Native.Test.Attack.Odd
  alias PhoenixReplay.Native.Test.{Recordings, Session}
  alias PhoenixReplay.Storage.Native, as: Storage

  @kept 20

  @doc """
  Calls them, in directories below `root`. Of the odd terms within maps and tuples one
  in `every` is tried. Each call must return, or be refused with a reason that has a
  sentence, and a store beside it must not notice. `around` is given the name of a
  function and a call of it to make. Returns how many functions were called how often.
  """
  def run(root, every \\ 1, around \\ fn _name, call -> call.() end) do
    File.mkdir_p!(root)
    # Where odd paths end up.
    File.cd!(root)
    witness = witness(Path.join(root, "witness"))
    world = world(Path.join(root, "attacked"))
    # All that is opened from here on is closed at the end.
    descriptors = descriptors()
    functions = for {name, [_ | _] = arguments} <- functions(), do: {name, arguments}

    counts =
      for {name, arguments} <- functions do
        count = attack(name, arguments, world, every, around)
        witness.append.()
        count
      end

    # What they had in flight ends with them.
    witness.check.()
    close_all(root)
    more = descriptors() - descriptors
    if more > 4, do: raise("#{more} descriptors are still open")
    {length(functions), Enum.sum(counts)}
  end

  # In a process of its own, with which its sessions end.
  defp attack(name, arguments, world, every, around) do
    {pid, ref} =
      spawn_monitor(fn ->
        odd = Odd.terms(search: search(world), session: session(world))
        whole = for at <- places(arguments), {what, term} <- odd, do: {[at], what, term}
        good = good(name, arguments, world)

        parts =
          for {argument, at} <- Enum.with_index(good),
              inner <- inner(argument),
              {what, term} <- odd,
              do: {[at, inner], what, term}

        parts = for {part, n} <- Enum.with_index(parts), rem(n, every) == 0, do: part

        for {path, what, term} <- whole ++ parts do
          changed = put(good(name, arguments, world), path, term)
          try_out(name, changed, {path, what}, around)
        end

        for {what, term} <- odd do
          try_out(name, List.duplicate(term, length(arguments)), {:all, what}, around)
        end

        exit({:tried, length(whole) + length(parts) + length(odd)})
      end)

    receive do
      {:DOWN, ^ref, _, ^pid, {:tried, count}} -> count
      {:DOWN, ^ref, _, ^pid, reason} -> raise("#{name}: #{inspect(reason, limit: 20)}")
    end
  end

  defp try_out(name, arguments, what, around) do
    case around.({name, what}, fn -> apply(Nif, name, arguments) end) do
      {:error, reason} ->
        # One that has no sentence is rendered as the term that it is.
        if reason == :panicked or Error.format(reason) == inspect(reason),
          do: raise("#{name}, #{inspect(what)}: #{inspect(reason)}")

      _answer ->
        :ok
    end

    # The answers of threads that open and close.
    flush()
  end

  defp flush, do: receive(do: (_ -> flush()), after: (0 -> :ok))

  defp places(arguments), do: Enum.to_list(0..(length(arguments) - 1))

  defp inner(%{} = map), do: for(key <- Map.keys(map), key != :__struct__, do: {:key, key})

  defp inner(tuple) when is_tuple(tuple),
    do: for(n <- 0..(tuple_size(tuple) - 1)//1, do: {:element, n})

  defp inner([_ | _] = list), do: for(n <- 0..(length(list) - 1), do: {:item, n})
  defp inner(_), do: []

  defp put(arguments, [at], term), do: List.replace_at(arguments, at, term)

  defp put(arguments, [at, inner], term) do
    List.update_at(arguments, at, fn argument ->
      case inner do
        {:key, key} -> Map.put(argument, key, term)
        {:element, n} -> put_elem(argument, n, term)
        {:item, n} -> List.replace_at(argument, n, term)
      end
    end)
  end

  @doc "The native functions with the names of their arguments, as the module has them."
  def functions do
    {:ok, {_, [debug_info: {:debug_info_v1, backend, data}]}} =
      :beam_lib.chunks(:code.which(Nif), [:debug_info])

    {:ok, %{definitions: definitions}} = backend.debug_info(:elixir_v1, Nif, data, [])

    for {{name, arity}, :def, _, [{_, arguments, _, _}]} <- definitions,
        {name, arity} in Nif.__info__(:functions),
        do: {name, for({argument, _, _} <- arguments, do: argument)}
  end

  @doc "What each function takes: arguments as they should be."
  def good(name, arguments, world) do
    for argument <- arguments, do: good_one(argument, name, world)
  end

  defp good_one(:directory, _, world), do: world.directory
  # Several are being opened and closed all the time.
  defp good_one(:path, _, world), do: world.options.path
  defp good_one(:options, _, world), do: world.options
  defp good_one(:active, _, world), do: session(world)
  defp good_one(:search, _, world), do: search(world)

  defp good_one(:id, name, _) when name in [:active_start, :active_start_dirty],
    do: Recordings.id()

  defp good_one(:id, _, world) do
    # Some calls have deleted it.
    if not File.exists?(Path.join(world.opts[:path], "there.etf.zst")),
      do: :ok = Storage.save(Recordings.recording(id: "there"), world.opts)

    "there"
  end

  defp good_one(:version, _, world) do
    {:ok, _, version} = Nif.rewrite_read(world.directory, "there", :identifiers)
    version
  end

  defp good_one(:files, _, _), do: ["there.etf.zst", "not there.json.gz"]
  defp good_one(:number, _, _), do: 1

  defp good_one(:recording, name, _) when name in [:active_start, :active_start_dirty],
    do: Map.from_struct(%{Recordings.recording(id: Recordings.id()) | events: []})

  defp good_one(:recording, _, _), do: Map.from_struct(Recordings.recording(id: "there"))
  defp good_one(:filter, _, _), do: %Filter{view: ["View"], contains: {:text, "task"}}
  defp good_one(:event, _, _), do: {1, :assigns, %{delta: %{a: %{b: [1, 2, 3]}}}}
  defp good_one(:base, _, _), do: {1, %{a: %{b: [1, 2]}}}
  defp good_one(name, _, _) when name in [:keys, :changed], do: %{form: true, list: true}

  defp good_one(name, _, _) when name in [:values, :assigns],
    do: %{form: %{"a" => [1]}, list: [%{id: 1}], __changed__: nil}

  defp good_one(:modules, _, _), do: [{URI, false}]
  defp good_one(:binary, _, _), do: :erlang.term_to_binary(%{a: [1, "two", 3.0]})
  defp good_one(:compression, _, _), do: {:zstd, 1}
  defp good_one(:subject, _, _), do: "somebody"
  defp good_one(:replaced, _, _), do: :all
  defp good_one(:form, _, _), do: :delta
  defp good_one(:format, _, _), do: :etf
  defp good_one(:sort, _, _), do: :newest
  defp good_one(:cursor, _, _), do: nil
  defp good_one(:module, _, _), do: URI
  defp good_one(:pid, _, _), do: self()
  defp good_one(:term, _, _), do: {:any, %{term: 1}}

  defp good_one(:content, :store_decode, _),
    do: :erlang.term_to_binary(Map.from_struct(Recordings.recording(id: "there")))

  defp good_one(:content, _, _), do: :binary.copy("content", 100)
  defp good_one(flag, _, _) when flag in [:repair, :schema?, :with_paths?], do: true

  defp good_one(number, _, _) when number in [:limit, :max_events, :offset, :timeout_ms],
    do: 100

  defp good_one(argument, name, _),
    do: raise("#{name}: say in #{__MODULE__} what a good #{argument} is")

  defp world(path) do
    opts = [path: path, durability: :relaxed, compression: :zstd]
    :ok = Storage.save(Recordings.recording(id: "there"), opts)
    {:ok, {directory, :etf}} = Directories.fetch(opts)
    # Which one that is closed, and opened with whatever there is in the options.
    {:ok, options} = Options.new(path: path <> "-too", durability: :relaxed)
    %{opts: opts, directory: directory, options: options}
  end

  defp session(world) do
    fields = Map.from_struct(%{Recordings.recording(id: Recordings.id()) | events: []})
    {:ok, active} = Nif.active_start_dirty(world.directory, fields.id, fields, 100, :etf, nil)
    active
  end

  defp search(world) do
    {:ok, search} = Nif.search_start(world.directory, %Filter{contains: {:text, "task"}})
    search
  end

  # A store that nobody attacks: some recordings, and one in flight.
  defp witness(path) do
    opts = [path: path, durability: :relaxed]
    Application.put_env(:phoenix_replay, :storage, Storage)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    saved = for n <- 1..@kept, do: Recordings.recording(id: "kept-#{n}", events: 5 + n)
    for recording <- saved, do: :ok = Storage.save(recording, opts)
    :ok = Store.start_recording("flying", Session.recording("flying"))
    appended = :counters.new(1, [])

    append = fn ->
      :counters.add(appended, 1, 1)
      :ok = Store.append_event("flying", Session.event("flying", :counters.get(appended, 1)))
    end

    check = fn ->
      {:ok, flying} = Store.finalize("flying")
      count = :counters.get(appended, 1)
      ^count = Session.check!(flying)
      for recording <- saved, do: {:ok, ^recording} = Storage.get(recording.id, opts)
      true = length(Storage.list_summaries(opts)) == @kept + 1
      {:ok, %{damaged: []}} = PhoenixReplay.Native.verify([], opts)
      # And another implementation finds them.
      true = length(PhoenixReplay.Storage.File.list(opts)) == @kept + 1
    end

    %{append: append, check: check}
  end

  defp close_all(root) do
    for {_number, path} <- Nif.directories_open(), do: close(path, 200)
    if not String.starts_with?(File.cwd!(), root), do: raise("somebody changed the directory")
  end

  # What was opened last may still be opening, and sessions may still be being saved.
  defp close(path, tries) do
    case Directories.close_idle(path) do
      :ok -> :ok
      {:error, {:in_flight, _}} when tries > 0 -> Process.sleep(10) && close(path, tries - 1)
      {:error, reason} -> raise("#{inspect(path)} is not closed: #{inspect(reason)}")
    end
  end

  defp descriptors, do: length(File.ls!("/proc/self/fd"))
end
