defmodule PhoenixReplay.Native.Test.Shop do
  @moduledoc false
  # An application of sessions, which depends on this library as a user's does, and the system
  # that it is in, which goes down in one of the ways it does.

  use Application

  alias PhoenixReplay.Native.Test.Session

  @sessions __MODULE__.Sessions

  @impl true
  def start(_, _), do: Task.Supervisor.start_link(name: @sessions)

  @doc """
  Runs in a child VM: records `sessions` sessions of `events` events with the store `recorder`,
  says so, and goes down.
  """
  def main([path, recorder, how, sessions, events]) do
    [sessions, events] = Enum.map([sessions, events], &String.to_integer/1)
    Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
    Application.put_env(:phoenix_replay, :storage_opts, path: path)

    :ok =
      :application.load(
        {:application, :shop,
         vsn: ~c"1",
         modules: [__MODULE__],
         registered: [],
         mod: {__MODULE__, []},
         applications: [:kernel, :stdlib, :elixir, :logger, :phoenix_replay_native]}
      )

    {:ok, _} = Application.ensure_all_started(:shop)
    drained = [[:phoenix_replay, :native, :drained]]
    :ok = :telemetry.attach_many("drained", drained, &__MODULE__.note/4, path <> ".drained")

    store = Module.concat([recorder])
    parent = self()

    for n <- 1..sessions do
      {:ok, _} =
        Task.Supervisor.start_child(@sessions, fn -> record(store, "s#{n}", events, parent) end)
    end

    for _ <- 1..sessions, do: receive(do: (:recorded -> :ok))
    IO.puts("recorded")
    down(how)
    Process.sleep(:infinity)
  end

  defp record(store, id, events, parent) do
    store.start_recording(id, Session.recording(id))
    for e <- 1..events, do: store.append_event(id, Session.event(id, e))
    send(parent, :recorded)
    Process.sleep(:infinity)
  end

  defp down("system_stop"), do: System.stop()
  defp down("sigterm"), do: System.cmd("kill", ["-TERM", System.pid()])

  defp down("application_stop") do
    Application.stop(:shop)
    down("library_stop")
  end

  defp down("library_stop") do
    Application.stop(:phoenix_replay_native)
    System.halt(0)
  end

  @doc false
  # In a file, since a system that goes down need not print what it was told to.
  def note(_event, %{saved: saved, left: left}, _metadata, file),
    do: File.write!(file, "#{saved} saved, #{left} left")
end
