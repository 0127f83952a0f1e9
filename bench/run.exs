# The entry of bin/bench. The benchmarks are no part of the library: their
# modules are compiled here, on every run, to where child VMs find them too.
ebin = Path.join(Mix.Project.build_path(), "bench")
File.rm_rf!(ebin)
File.mkdir_p!(ebin)
Code.prepend_path(ebin)

# Where Phoenix is not installed, the tests imitate what a recorder touches of it. And they have
# what lists long schedules.
shared =
  for file <- ~w(live_view.ex live.ex long_schedule.ex),
      do: Path.join([__DIR__, "../test/support", file])

modules =
  for directory <- ["support", "sections"],
      do: [__DIR__, directory, "**/*.ex"] |> Path.join() |> Path.wildcard()

for files <- [shared | modules] do
  with {:error, _errors, _warnings} <- Kernel.ParallelCompiler.compile_to_path(files, ebin) do
    System.halt(1)
  end
end

# Standard output has the figures and nothing else.
Logger.configure(level: :warning)
PhoenixReplay.Native.Test.LongSchedule.start()
Bench.CLI.main(System.argv())
