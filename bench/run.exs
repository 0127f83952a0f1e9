# The entry of bin/bench. The benchmarks are no part of the library: their
# modules are compiled here, on every run, to where child VMs find them too.
ebin = Path.join(Mix.Project.build_path(), "bench")
File.rm_rf!(ebin)
File.mkdir_p!(ebin)
Code.prepend_path(ebin)

# Where Phoenix is not installed, the tests imitate what a recorder touches of it.
imitation =
  for file <- ~w(live_view.ex live.ex), do: Path.join([__DIR__, "../test/support", file])

modules =
  for directory <- ["support", "sections"],
      do: [__DIR__, directory, "**/*.ex"] |> Path.join() |> Path.wildcard()

for files <- [imitation | modules] do
  with {:error, _errors, _warnings} <- Kernel.ParallelCompiler.compile_to_path(files, ebin) do
    System.halt(1)
  end
end

# Standard output has the figures and nothing else.
Logger.configure(level: :warning)
Bench.CLI.main(System.argv())
