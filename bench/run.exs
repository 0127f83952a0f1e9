# The entry of bin/bench. The benchmarks are no part of the library: their
# modules are compiled here, on every run.
for file <- Enum.sort(Path.wildcard(Path.join(__DIR__, "support/**/*.ex"))) do
  file
end
|> Kernel.ParallelCompiler.compile()

for(file <- Path.wildcard(Path.join(__DIR__, "sections/*.ex")), do: file)
|> Kernel.ParallelCompiler.compile()

Bench.CLI.main(System.argv())
