# A VM of bin/demo --remote: records, lists, reads and erases as it is told by lines of its input,
# and answers each with one.

Code.require_file("../../bench/support/traffic.ex", __DIR__)

defmodule Demo.Node do
  alias PhoenixReplay.{Recording, Store}
  alias PhoenixReplay.Native.Store, as: NativeStore
  alias PhoenixReplay.Storage.Native

  @person "grace@hopper.example"

  def main([file]) do
    opts = file |> File.read!() |> :erlang.binary_to_term()
    File.rm!(file)
    Application.put_env(:phoenix_replay, :storage, Native)
    Application.put_env(:phoenix_replay, :storage_opts, opts)
    {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)
    :ok = Native.init(opts)
    obey(opts)
  end

  defp obey(opts) do
    # Without a parent there is nothing to do.
    with line when is_binary(line) <- IO.gets("") do
      {function, arguments} = line |> String.trim() |> decode()
      answer = apply(__MODULE__, function, [opts | arguments])
      IO.puts("= " <> Base.encode64(:erlang.term_to_binary(answer)))
      obey(opts)
    end
  end

  defp decode(text), do: text |> Base.decode64!() |> :erlang.binary_to_term()

  @doc "Whom a recording belongs to: the storage option `:subject`."
  def subject(%Recording{session: session}), do: session["current_user"]

  @doc "Sessions through the host's recorder, each a process that ends; returns their ids once all are saved."
  def record(opts, seeds) do
    ids =
      seeds
      |> Task.async_stream(&session/1, max_concurrency: 20, timeout: :infinity)
      |> Enum.map(fn {:ok, id} -> id end)

    until(fn -> ids -- saved(opts) == [] end)
    ids
  end

  # One in ten is hers.
  defp session(seed) do
    %{events: [mount | rest]} = source = Bench.Traffic.tasks_session(seed)
    id = Base.url_encode64(:crypto.strong_rand_bytes(16), padding: false)
    began = System.os_time(:millisecond) - 60_000
    source = %{source | id: id, connected_at: began, events: [mount]}
    source = if rem(seed, 10) == 0, do: hers(source), else: source
    Store.start_recording(id, source)
    for event <- rest, do: Store.append_event(id, event)
    id
  end

  defp hers(source), do: %{source | session: Map.put(source.session, "current_user", @person)}

  @doc "Sessions in the native table that go on; returns their ids once each has so many events."
  def run(_opts, seeds, events) do
    parent = self()

    for seed <- seeds do
      pid =
        spawn(fn ->
          %{events: [mount | rest]} =
            source = Bench.Traffic.tasks_session(seed, events: events + 1)

          id = "running-#{seed}"
          began = System.os_time(:millisecond)
          source = %{source | id: id, connected_at: began, events: [mount]}
          :ok = NativeStore.start_recording(id, source)
          for event <- rest, do: :ok = NativeStore.append_event(id, event)
          send(parent, {self(), id})
          Process.sleep(:infinity)
        end)

      receive do: ({^pid, id} -> id)
    end
  end

  @doc "Ends its work. What is logged then nobody reads."
  def close(opts) do
    Logger.configure(level: :none)
    PhoenixReplay.Native.close(opts)
  end

  def list(opts), do: Native.list_summaries(opts)
  def stats(opts), do: opts |> PhoenixReplay.Native.stats() |> elem(1)
  def get(opts, id), do: Native.get(id, opts)
  def query(opts, filters), do: PhoenixReplay.Native.query(filters, [], opts)
  def erase(opts, filters), do: PhoenixReplay.Native.delete_where(filters, [], opts)
  def files(opts), do: length(Path.wildcard(Path.join(opts[:path], "*")))

  @doc "The files of the node's directory that mention something."
  def mentions(opts, text) do
    for path <- Path.wildcard(opts[:path] <> "/**", match_dot: true),
        File.regular?(path),
        content = content(path),
        String.contains?(content, text),
        do: Path.relative_to(path, opts[:path])
  end

  defp content(path) do
    bytes = File.read!(path)
    if match?(<<31, 139, _::binary>>, bytes), do: :zlib.gunzip(bytes), else: bytes
  end

  @doc "Waits until all is in the bucket; returns how long that took, in milliseconds."
  def uploaded(opts), do: waited(fn -> stats(opts).pending_uploads == 0 end)

  @doc "Waits until exactly these are listed; returns how long that took, in milliseconds."
  def lists(opts, ids) do
    waited(fn -> Enum.sort(saved(opts)) == Enum.sort(ids) end)
  end

  defp saved(opts), do: for(%{id: id, active?: false} <- Native.list_summaries(opts), do: id)

  defp waited(fun) do
    started = System.monotonic_time(:millisecond)
    until(fun)
    System.monotonic_time(:millisecond) - started
  end

  defp until(fun, tries \\ 6_000) do
    cond do
      fun.() -> :ok
      tries == 0 -> raise "it does not come about"
      true -> Process.sleep(10) && until(fun, tries - 1)
    end
  end
end

Demo.Node.main(System.argv())
