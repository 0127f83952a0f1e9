defmodule Bench.Machine do
  @moduledoc false
  # What the figures were measured on. Whatever can't be found out is "unknown".

  @root Path.expand("../..", __DIR__)

  @spec describe(Path.t()) :: map()
  def describe(directory) do
    %{
      cpu: cpu_model(),
      cores: System.schedulers_online(),
      memory_mb: memory_mb(),
      kernel: command("uname", ["-srm"]),
      file_system: file_system(directory),
      elixir: System.version(),
      otp: otp_version(),
      jit: Atom.to_string(emulator_flavor()),
      rustc: command("rustc", ["--version"]),
      host: host(),
      commit: command("git", ["-C", @root, "describe", "--always", "--dirty"]),
      started_at: DateTime.to_iso8601(DateTime.truncate(DateTime.utc_now(), :second)),
      load_at_start: load()
    }
  end

  @doc "The machine in a line."
  @spec headline(map()) :: String.t()
  def headline(machine) do
    "#{machine.cpu}, #{machine.cores} cores, #{machine.kernel}, #{machine.file_system}; " <>
      "Elixir #{machine.elixir}, OTP #{machine.otp}; #{machine.host}; load #{machine.load_at_start}"
  end

  @doc """
  The load averages over 1, 5 and 15 minutes. The benchmarks themselves are a
  load of about one; much more than that is somebody else.
  """
  @spec load() :: String.t()
  def load do
    case File.read("/proc/loadavg") do
      {:ok, text} -> text |> String.split() |> Enum.take(3) |> Enum.join(" ")
      {:error, _} -> "unknown"
    end
  end

  defp cpu_model do
    case File.read("/proc/cpuinfo") do
      {:ok, text} -> capture(~r/^model name\s*: (.+)$/m, text)
      {:error, _} -> command("sysctl", ["-n", "machdep.cpu.brand_string"])
    end
  end

  defp memory_mb do
    with {:ok, text} <- File.read("/proc/meminfo"),
         [_, kb] <- Regex.run(~r/^MemTotal:\s+(\d+) kB/m, text) do
      div(String.to_integer(kb), 1024)
    else
      _ -> "unknown"
    end
  end

  # The longest mount point that is a prefix is the one that counts.
  defp file_system(directory) do
    with {:ok, text} <- File.read("/proc/mounts") do
      text
      |> String.split("\n", trim: true)
      |> Enum.map(&String.split/1)
      |> Enum.filter(fn [_, point | _] -> inside?(directory, point) end)
      |> Enum.max_by(fn [_, point | _] -> byte_size(point) end, fn -> [] end)
      |> case do
        [_, _, type, options | _] -> "#{type} (#{options})"
        _ -> "unknown"
      end
    else
      _ -> "unknown"
    end
  end

  defp inside?(_directory, "/"), do: true
  defp inside?(directory, point), do: String.starts_with?(directory <> "/", point <> "/")

  defp otp_version do
    release = List.to_string(:erlang.system_info(:otp_release))
    file = Path.join([:code.root_dir(), "releases", release, "OTP_VERSION"])

    case File.read(file) do
      {:ok, version} -> String.trim(version)
      {:error, _} -> release
    end
  end

  defp emulator_flavor do
    :erlang.system_info(:emu_flavor)
  rescue
    ArgumentError -> :unknown
  end

  defp host do
    Application.load(:phoenix_replay)
    version = to_string(Application.spec(:phoenix_replay, :vsn) || "unknown")
    stand_in? = Path.join(@root, "host/mix.exs") |> File.exists?() and stand_in?()
    "phoenix_replay #{version}" <> if(stand_in?, do: " (stand-in of host/)", else: "")
  end

  # The sources of a module tell which of the possible hosts was compiled in.
  defp stand_in? do
    source = PhoenixReplay.Storage.File.module_info(:compile)[:source]
    source |> to_string() |> String.starts_with?(Path.join(@root, "host") <> "/")
  end

  defp command(name, args) do
    with path when is_binary(path) <- System.find_executable(name),
         {output, 0} <- System.cmd(path, args, stderr_to_stdout: true) do
      String.trim(output)
    else
      _ -> "unknown"
    end
  end

  defp capture(regex, text) do
    case Regex.run(regex, text) do
      [_, found] -> String.trim(found)
      nil -> "unknown"
    end
  end
end
