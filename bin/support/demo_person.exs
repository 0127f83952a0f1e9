# One person in the traffic of bin/demo, in the four places where applications keep people: how
# her sessions are found, and erased.

defmodule Demo.Person do
  import Demo.Text, only: [took: 1]

  alias PhoenixReplay.{Native, Recording, Storage}

  @email "grace@hopper.example"
  @page "/invitations/accept"

  # What her sessions are made of, by the number of the session.
  @sessions %{
    7 => :session,
    77 => :page,
    177 => :event,
    277 => :assigns
  }

  @doc "Adds her to a session if it is one of hers."
  def into(%Recording{} = source, n), do: add(source, @sessions[n])

  defp add(source, nil), do: source

  defp add(source, :session),
    do: %{source | session: Map.put(source.session, "current_user", @email)}

  defp add(source, :page) do
    url = "#{source.url}#{@page}?email=#{@email}"
    append(source, :handle_params, %{params: %{"email" => @email}, url: url})
  end

  defp add(source, :event),
    do: append(source, :event, %{name: "search", params: %{"q" => "from:#{@email}"}})

  defp add(source, :assigns),
    do: append(source, :assigns, %{delta: %{current_user: %{id: 4711, email: @email}}})

  defp append(source, type, payload) do
    {offset, _type, _payload} = List.last(source.events)
    %{source | events: source.events ++ [{offset + 250, type, payload}]}
  end

  @doc "Finds her sessions, erases them, and looks for what is left."
  def find_and_erase(opts) do
    {us, {:ok, visited}} = :timer.tc(fn -> Native.query([path: @page], [], opts) end)
    [%{id: id}] = visited.recordings
    IO.puts("the session that was on #{@page}: #{id}, in #{took(us)}, from the index")

    {us, {:ok, found}} = :timer.tc(fn -> Native.query([contains: @email], [], opts) end)
    %{total: 4 = total, not_searched: []} = found
    IO.puts("#{total} sessions with #{@email} in them, in #{took(us)}, each one read:")
    for %{id: id} <- found.recordings, do: IO.puts("  #{id}: in #{place(id, opts)}")

    {us, {:ok, erased}} = :timer.tc(fn -> Native.delete_where([contains: @email], [], opts) end)

    %{count: ^total, ids: ids, not_searched: []} = erased
    IO.puts("#{length(ids)} erased in #{took(us)}, and nothing was left unsearched")

    files = files(opts)
    theirs = Storage.File.list(opts)

    [] = for {path, content} <- files, text <- [@email | ids], content =~ text, do: path
    [] = Enum.filter(theirs, &(:binary.match(:erlang.term_to_binary(&1), @email) != :nomatch))

    IO.puts(
      "#{length(files)} files under the directory, decompressed, index and slab among them: " <>
        "neither the address nor an id is in any"
    )
  end

  defp place(id, opts) do
    {:ok, recording} = Storage.Native.get(id, opts)
    {_offset, type, _payload} = List.last(recording.events)

    if recording.session["current_user"],
      do: "its session",
      else: "an event of type #{inspect(type)}"
  end

  defp files(opts) do
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true), File.regular?(path) do
      content = File.read!(path)
      {path, if(String.ends_with?(path, ".gz"), do: :zlib.gunzip(content), else: content)}
    end
  end
end
