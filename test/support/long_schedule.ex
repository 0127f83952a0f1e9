defmodule PhoenixReplay.Native.Test.LongSchedule do
  @moduledoc false
  # Counts what the VM calls long schedules: times that a process was not scheduled out for
  # longer than a limit. With REPLAY_LONG_SCHEDULE=5 the tests are run so, of at least 5 ms, and
  # those in which the process was in this library, before or after, are listed.
  #
  # The VM takes the time by the wall: on a machine with other work, whoever is interrupted is
  # listed, whatever he does. So nothing is concluded from it; `bin/soak attack` goes by the time
  # on a processor.

  @doc "Starts to count, if it is asked for. The tests' end prints what there was."
  def start do
    with text when is_binary(text) <- System.get_env("REPLAY_LONG_SCHEDULE") do
      limit_ms = String.to_integer(text)
      pid = spawn(fn -> collect([]) end)
      :erlang.system_monitor(pid, [{:long_schedule, limit_ms}])
      ExUnit.after_suite(fn _ -> IO.puts(report(stop(pid), limit_ms)) end)
    end
  end

  defp stop(pid) do
    :erlang.system_monitor(:undefined)
    send(pid, {:stop, self()})
    receive do: ({:events, events} -> events)
  end

  defp collect(events) do
    receive do
      {:monitor, _pid_or_port, :long_schedule, info} -> collect([info | events])
      {:stop, pid} -> send(pid, {:events, events})
    end
  end

  defp report(events, limit_ms) do
    {own, others} = Enum.split_with(events, &own?/1)
    lines = for info <- Enum.sort_by(own, &(-&1[:timeout])), do: "  #{inspect(info)}"

    Enum.join(
      ["#{length(own)} schedules of at least #{limit_ms} ms in this library" | lines] ++
        ["#{length(others)} elsewhere"],
      "\n"
    )
  end

  defp own?(info) do
    Enum.any?([info[:in], info[:out]], fn
      {module, _, _} -> Atom.to_string(module) =~ ~r/^Elixir\.PhoenixReplay\.(?!.*Test)/
      _ -> false
    end)
  end
end
