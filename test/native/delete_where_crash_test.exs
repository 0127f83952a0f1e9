defmodule PhoenixReplay.Native.DeleteWhereCrashTest do
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage.Native

  @child """
  [path] = System.argv()
  opts = [path: path]
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  alias PhoenixReplay.Native.Test.Session

  for n <- 1..200 do
    recording = %{Session.recording("user-\#{n}") | events: [Session.event("user-\#{n}", 1)]}
    :ok = PhoenixReplay.Storage.Native.save(recording, opts)
  end

  Session.start_many("user-live", 20, 30)
  Session.start_many("other", 5, 30)
  :ok = :file.write(:standard_io, "up\\n")
  {:ok, _} = PhoenixReplay.Native.delete_where([id: "user-"], [], opts)
  :ok = :file.write(:standard_io, "erased\\n")
  Process.sleep(:infinity)
  """

  @tag timeout: 300_000
  test "killed at any moment, it is completed at the next start, or was not begun" do
    outcomes =
      for delay_ms <- [0, 1, 2, 4, 6, 10, 15, 25, :erased] do
        opts = [path: tmp_dir()]
        kill_while_erasing(opts, delay_ms)
        :ok = Native.init(opts)
        drained(opts)
        ids = for %{id: id} <- Native.list_summaries(opts), do: id
        {users, others} = Enum.split_with(ids, &String.starts_with?(&1, "user-"))
        assert length(others) == 5
        assert length(users) in [0, 220]
        if users == [], do: assert(files_with(opts, "user-") == [])
        users == []
      end

    assert true in outcomes
  end

  defp kill_while_erasing(opts, delay_ms) do
    port = ChildVM.start(@child, [opts[:path]], [:stderr_to_stdout])
    ChildVM.await_line(port, "up")

    if delay_ms == :erased,
      do: ChildVM.await_line(port, "erased"),
      else: Process.sleep(delay_ms)

    ChildVM.kill(port)
    ChildVM.await_exit(port)
  end
end
