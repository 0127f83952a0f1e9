defmodule Bench.ProcessUsage do
  @moduledoc """
  What the operating system says this process has used: all of its threads,
  those of the native library too. On Linux only.
  """

  @status "/proc/self/status"

  @doc "Whether this system tells."
  @spec available?() :: boolean()
  def available?, do: File.exists?(@status)

  @doc "CPU time of all threads so far, in ns; it counts in steps of 10 ms."
  @spec cpu_ns() :: non_neg_integer()
  def cpu_ns do
    # The second field is a name in parentheses and may have spaces in it.
    [_, fields] = "/proc/self/stat" |> File.read!() |> String.split(") ", parts: 2)
    fields = String.split(fields)
    ticks = String.to_integer(Enum.at(fields, 11)) + String.to_integer(Enum.at(fields, 12))
    # Linux reports in hundredths of a second, whatever its own tick is.
    ticks * 10_000_000
  end

  @doc "Resident memory in bytes, pages of mapped files included."
  @spec resident_bytes() :: non_neg_integer()
  def resident_bytes, do: field("VmRSS")

  @doc "The most of it since the last call of `reset_peak/0`."
  @spec peak_bytes() :: non_neg_integer()
  def peak_bytes, do: field("VmHWM")

  @doc "Forgets the peak so far."
  @spec reset_peak() :: :ok
  def reset_peak, do: File.write!("/proc/self/clear_refs", "5")

  defp field(name) do
    [_, kb] = Regex.run(~r/^#{name}:\s+(\d+) kB$/m, File.read!(@status))
    String.to_integer(kb) * 1024
  end
end
