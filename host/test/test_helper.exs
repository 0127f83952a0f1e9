# The backend that is there when no test has configured its own keeps nothing.
Application.put_env(:phoenix_replay, :storage, PhoenixReplay.StubStorage)
{:ok, _apps} = Application.ensure_all_started(:phoenix_replay)

# Nothing is measured: the time is only how long a failure takes to show.
ExUnit.start(capture_log: true, assert_receive_timeout: 5000)
