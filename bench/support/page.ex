defmodule Bench.Page do
  @moduledoc false
  # The report as a page with charts, drawn by the small Rust program in
  # `bench/plot`. It is built on first use, since most runs need no page.

  @root Path.expand("../..", __DIR__)
  @manifest Path.join(@root, "bench/plot/Cargo.toml")

  @doc "Writes a report in JSON as a page, and its charts into a directory; `nil` for neither."
  @spec write(iodata(), Path.t() | nil, Path.t() | nil) :: :ok
  def write(json, page, svgs) do
    report = Path.join(System.tmp_dir!(), "phoenix_replay-bench-#{System.pid()}.json")
    File.write!(report, json)
    page = if page, do: ["--html", page], else: []
    svgs = if svgs, do: ["--svg", svgs], else: []

    try do
      cargo = ~w(run --quiet --release --locked --manifest-path) ++ [@manifest]
      arguments = cargo ++ ["--target-dir", target_directory(), "--", report] ++ page ++ svgs
      {output, status} = System.cmd("cargo", arguments, stderr_to_stdout: true)
      if status != 0, do: raise("can't draw the charts: #{output}")
      :ok
    after
      File.rm(report)
    end
  end

  defp target_directory do
    Path.join(System.get_env("CARGO_TARGET_DIR") || Path.join(@root, "target"), "plot")
  end
end
