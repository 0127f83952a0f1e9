# The entry of bin/bench. The benchmarks are no part of the library: their
# modules are compiled here, on every run, to where child VMs find them too.
ebin = Path.join(Mix.Project.build_path(), "bench")
File.rm_rf!(ebin)
File.mkdir_p!(ebin)
Code.prepend_path(ebin)

for directory <- ["support", "sections"] do
  files = [__DIR__, directory, "**/*.ex"] |> Path.join() |> Path.wildcard()

  with {:error, _errors, _warnings} <- Kernel.ParallelCompiler.compile_to_path(files, ebin) do
    System.halt(1)
  end
end

# Standard output has the figures and nothing else.
Logger.configure(level: :warning)
Bench.CLI.main(System.argv())
