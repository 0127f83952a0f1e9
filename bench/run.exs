# The entry of bin/bench. The benchmarks are no part of the library: their
# modules are compiled here, on every run.
for directory <- ["support", "sections"] do
  [__DIR__, directory, "**/*.ex"]
  |> Path.join()
  |> Path.wildcard()
  |> Kernel.ParallelCompiler.compile()
end

Bench.CLI.main(System.argv())
