defmodule Bench.Page do
  @moduledoc false
  # The report as a page with charts, drawn by the small Rust program in
  # `bench/plot`. It is built on first use, since most runs need no page.

  @root Path.expand("../..", __DIR__)
  @manifest Path.join(@root, "bench/plot/Cargo.toml")

  @doc "Writes the page for a report in JSON."
  @spec write(Path.t(), iodata()) :: :ok
  def write(page, json) do
    report = page <> ".json"
    File.write!(report, json)

    try do
      cargo = ~w(run --quiet --release --locked --manifest-path) ++ [@manifest]
      arguments = cargo ++ ["--target-dir", target_directory(), "--", report, page]
      {output, status} = System.cmd("cargo", arguments, stderr_to_stdout: true)
      if status != 0, do: raise("can't draw #{page}: #{output}")
      :ok
    after
      File.rm(report)
    end
  end

  defp target_directory do
    Path.join(System.get_env("CARGO_TARGET_DIR") || Path.join(@root, "target"), "plot")
  end
end
