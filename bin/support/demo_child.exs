# The VM that bin/demo kills: sessions recorded through the native table, one
# line to standard output whenever another thousand events are safe.

# The log goes there, too.
Logger.configure(level: :warning)
[path, sessions] = System.argv()
Code.require_file("../../bench/support/traffic.ex", __DIR__)

alias PhoenixReplay.Native.Store

Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
Application.put_env(:phoenix_replay, :storage_opts, path: path)
{:ok, _} = Application.ensure_all_started(:phoenix_replay_native)

parent = self()

for n <- 1..String.to_integer(sessions) do
  spawn(fn ->
    %{events: [mount | events]} = source = Bench.Traffic.tasks_session(n)
    :ok = Store.start_recording(source.id, %{source | events: [mount]})

    for event <- events do
      :ok = Store.append_event(source.id, event)
      send(parent, :safe)
      Process.sleep(:rand.uniform(10))
    end
  end)
end

count = fn count, n ->
  receive do: (:safe -> :ok)
  if rem(n, 1000) == 0, do: :ok = :file.write(:standard_io, "#{n}\n")
  count.(count, n + 1)
end

count.(count, 1)
