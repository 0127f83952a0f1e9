defmodule PhoenixReplay.Native.Application do
  @moduledoc false
  # Recording and saving need nothing from here: the host may have opened the
  # directory long before this application starts, and sessions may go on when
  # it stops. It tells the log what native threads report, closes directories
  # that nobody uses, and at a shutdown sees to it that everything is on the
  # disk.

  use Application

  # Read when the native library is built (native/compile.exs): Mix says so if it has another value
  # when the system starts.
  _ = Application.compile_env(:phoenix_replay_native, :remote, false)

  alias PhoenixReplay.Native.{IdleRelease, Reporter, Shutdown}

  @impl true
  def start(_type, _args) do
    Supervisor.start_link([Reporter, IdleRelease],
      strategy: :one_for_one,
      name: PhoenixReplay.Native.Supervisor
    )
  end

  # Applications stop in the reverse order of their start: the sessions of the
  # user's application have ended when this is called, and the host, on which
  # this application depends, is still there.
  @impl true
  def prep_stop(state) do
    Shutdown.run()
    state
  end
end
