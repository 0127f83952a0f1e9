defmodule PhoenixReplay.Native.Test.LongSchedule do
  @moduledoc false
  # Counts what the VM calls long schedules: times that a process was not scheduled out for
  # longer than a limit. With REPLAY_LONG_SCHEDULE=5 the tests and the benchmarks are run so, of
  # at least 5 ms, and those in which the process was in this library, before or after, are
  # listed on standard error.
  #
  # The VM takes the time by the wall: on a machine with other work, whoever is interrupted is
  # listed, whatever he does. So nothing is concluded from it; `bin/soak attack` goes by the time
  # on a processor.

  @doc "Lists them from now on, if it is asked for; a VM may be killed at any time."
  @spec start() :: :ok
  def start do
    with text when is_binary(text) <- System.get_env("REPLAY_LONG_SCHEDULE") do
      pid = spawn(&list/0)
      :erlang.system_monitor(pid, [{:long_schedule, String.to_integer(text)}])
    end

    :ok
  end

  defp list do
    receive do
      {:monitor, _pid_or_port, :long_schedule, info} ->
        if own?(info), do: IO.puts(:stderr, "a long schedule: #{inspect(info)}")
    end

    list()
  end

  defp own?(info) do
    Enum.any?([info[:in], info[:out]], fn
      {module, _, _} -> Atom.to_string(module) =~ ~r/^Elixir\.PhoenixReplay\.(?!.*Test)/
      _ -> false
    end)
  end
end
