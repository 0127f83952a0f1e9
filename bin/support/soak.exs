# The entry of bin/soak.
Code.require_file("../../bench/support/json.ex", __DIR__)
Code.require_file("../../bench/support/machine.ex", __DIR__)

defmodule Soak do
  alias PhoenixReplay.Native.Test.{Attack, ChildVM, Kill, S3Server}
  alias PhoenixReplay.Native.Test.Soak.{Atoms, Mixed, Samples}

  @usage """
  usage: bin/soak COMMAND [NUMBER] [--dir DIRECTORY] [--seed N]

    kill [N]         kills VMs at random moments, N times in each of some scenarios
                     (#{Enum.join(Kill.Loop.scenarios(), ", ")}), opens what they left in new VMs,
                     twice, and compares it with what was acknowledged. Default 1 000
    remote [N]       kills nodes that share a bucket, and the bucket's server, at random moments, in
                     N rounds, and starts them again. In the end what was acknowledged has to be in
                     the bucket once, and on every node; what was deleted, nowhere. Takes
                     PHOENIX_REPLAY_NATIVE_REMOTE=1. Default 100
    mixed [MINUTES]  all kinds of work at once in one VM. At the end memory, file
                     descriptors, threads, files, the slab, atoms and processes must have
                     levelled off: the median of each in the last third of the time
                     may be a tenth above that of the third before, and a small fixed
                     amount that is noise of its kind. Default 10
    atoms [N]        saves, reads, lists and searches N recordings with random keys in both
                     formats, after which there must be no more atoms. Default 1 000 000
    attack [N]       calls every native function with every odd term in every place, puts terms
                     nested 200 000 levels deep through all, and kills N processes
                     inside calls, in VMs with the smallest stacks. No call on a normal
                     scheduler may keep it for 1 ms. Default 20 000

    --dir DIRECTORY  where all files go, samples and a chart of `mixed` as well.
                     Default: a new one in the system's directory for temporary files
    --seed N         of what is random in `kill`, `remote` and `attack`. Default: a random one, which is printed

  Each ends with 0 if all of it holds. What a failure left is not removed.
  """

  def main(arguments) do
    {options, words, wrong} =
      OptionParser.parse(arguments, strict: [dir: :string, seed: :integer, help: :boolean])

    with false <- options[:help] || false,
         [] <- wrong,
         {:ok, command, number} <- command(words) do
      Logger.configure(level: :warning)
      name = "phoenix_replay_native-soak-#{System.pid()}"
      root = Path.expand(options[:dir] || Path.join(System.tmp_dir!(), name))
      File.mkdir_p!(root)
      run(command, number, root, options[:seed] || :rand.uniform(1_000_000))
    else
      true -> IO.write(@usage)
      _ -> fail(@usage)
    end
  end

  defp command([name | number]) do
    defaults = %{
      "kill" => 1_000,
      "remote" => 100,
      "mixed" => 10,
      "atoms" => 1_000_000,
      "attack" => 20_000
    }

    with %{^name => default} <- defaults, {:ok, number} <- number(number, default) do
      {:ok, name, number}
    end
  end

  defp command([]), do: :error

  defp number([], default), do: {:ok, default}

  defp number([text], _default) do
    case Integer.parse(text) do
      {number, ""} when number > 0 -> {:ok, number}
      _ -> :error
    end
  end

  defp number(_, _default), do: :error

  defp run("kill", kills, root, seed) do
    IO.puts("seed #{seed}, in #{root}")
    tell = fn k, counts -> if rem(k, 10) == 0, do: IO.puts("#{k}: #{counted(counts)}") end
    {counts, violations} = Kill.Loop.run(root, kills, seed, tell)
    IO.puts(counted(counts))
    if violations != [], do: fail(Enum.join(violations, "\n") <> "\nseed #{seed}, in #{root}")
  end

  defp run("remote", rounds, root, seed) do
    if not S3Server.wanted?(), do: fail("The native library was built without buckets.")
    IO.puts("seed #{seed}, in #{root}")
    tell = fn k, counts -> IO.puts("#{k}: #{killed(counts)}") end
    {_counts, violations} = Kill.Remote.Loop.run(root, rounds, seed, tell)
    if violations != [], do: fail(Enum.join(violations, "\n") <> "\nseed #{seed}, in #{root}")
  end

  defp run("mixed", minutes, root, _seed) do
    machine = Bench.Machine.describe(root)
    Mixed.start(root)
    samples = sample(Mixed.directories(root), now(), minutes * 60, [])
    json = Path.join(root, "samples.json")
    File.write!(json, Bench.JSON.encode(Samples.report(samples, machine)))
    IO.puts(Enum.join(Samples.summary(samples), "\n"))
    draw(json, Path.join(root, "curves.svg"))
    growing = Samples.growing(samples)
    if growing != [], do: fail("It grows:\n" <> Enum.join(growing, "\n"))
    # The work goes on until the end of the VM, which need not save anything.
    System.halt(0)
  end

  defp run("atoms", count, root, _seed) do
    # That atoms of others are unknown here is said of each recording.
    Logger.configure(level: :none)
    {before, later} = Atoms.run(root, count, &IO.puts("#{&1} of #{count}"))
    IO.puts("#{before} atoms before, #{later} after #{count} recordings")
    File.rm_rf!(root)
    if later > before, do: fail("Atoms have been made.")
  end

  defp run("attack", kills, root, seed) do
    IO.puts("seed #{seed}, in #{root}")
    IO.write("terms taken through everything: ")
    IO.write(attack("Attack.Deep.run(root, 200_000)", Path.join(root, "deep")))
    IO.write("{killed inside a native call, recordings read afterwards}: ")
    IO.write(attack("Attack.Kills.run(root, #{kills}, #{seed})", Path.join(root, "kills")))

    timed = """
    (fn ->
      {table, around} = Attack.SchedulerTime.start()
      IO.inspect(Attack.Arguments.run(root, 1, around))
      for longest <- Enum.take(Attack.SchedulerTime.longest(table), 5), do: IO.inspect(longest)
      [] = Attack.SchedulerTime.too_long(table)
    end).()
    """

    IO.puts(
      "{functions, calls}, the calls that kept a scheduler longest, in µs, and those too long:"
    )

    IO.write(attack(timed, Path.join(root, "arguments"), ["+S 1:1"]))
    File.rm_rf!(root)
  end

  # A failure is the VM's, which may be dead.
  defp attack(call, root, vm \\ []),
    do: ChildVM.run!(Attack.code(call), [root], vm: Attack.smallest() ++ vm)

  # Every few seconds; of a long time, some 600 samples.
  defp sample(directories, start, seconds, samples) do
    at = (now() - start) / 1000
    samples = [{Float.round(at, 1), Samples.take(directories)} | samples]

    if at < seconds do
      Process.sleep(max(1_000, div(seconds * 1000, 600)))
      sample(directories, start, seconds, samples)
    else
      Enum.reverse(samples)
    end
  end

  defp draw(json, svg) do
    arguments = ~w(run --quiet --release --manifest-path bench/plot/Cargo.toml --)

    case System.cmd("cargo", arguments ++ [json, "--curves", svg], stderr_to_stdout: true) do
      {_, 0} -> IO.puts("#{json}\n#{svg}")
      {text, _} -> IO.puts("#{json}, which could not be drawn:\n#{text}")
    end
  end

  defp counted(counts) do
    "#{counts.vms} VMs with #{counts.engines} engines killed, #{counts.inspections} directories " <>
      "inspected, #{counts.recordings} recordings and #{counts.erased} erasures in them"
  end

  defp killed(counts) do
    "#{counts.vms} nodes and #{counts.servers} servers killed, #{counts.stopped} nodes stopped; " <>
      "#{counts.recordings} recordings in buckets, #{counts.sessions} of them sessions; " <>
      "#{counts.deleted} deleted, some of them in #{counts.erased} erasures"
  end

  defp now, do: System.monotonic_time(:millisecond)

  defp fail(text) do
    IO.puts(:stderr, text)
    System.halt(1)
  end
end

Soak.main(System.argv())
