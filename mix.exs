# The compiler that builds the crates has to exist before Mix compiles lib/.
unless Code.ensure_loaded?(Mix.Tasks.Compile.ReplayNative) do
  Code.require_file("native/compile.exs", __DIR__)
end

defmodule PhoenixReplay.Native.MixProject do
  use Mix.Project

  @version "0.1.0"

  # The address of the repository, once it has one: links of the package and of
  # the documentation to the source come from it.
  @source_url nil

  def project do
    [
      app: :phoenix_replay_native,
      version: @version,
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      elixirc_paths: elixirc_paths(Mix.env()),
      test_ignore_filters: [&String.starts_with?(&1, "test/soak/")],
      compilers: [:replay_native] ++ Mix.compilers(),
      deps: deps(),
      description: "Native storage engine for PhoenixReplay",
      package: package(),
      source_url: @source_url,
      docs: docs()
    ]
  end

  def application do
    [
      mod: {PhoenixReplay.Native.Application, []},
      extra_applications: [:logger, :crypto]
    ]
  end

  defp elixirc_paths(:test), do: ["lib", "test/support"]
  defp elixirc_paths(_), do: ["lib"]

  defp deps do
    [host() | documentation()]
  end

  # The library whose behaviour this one implements: a checkout, the released
  # package, or, where Hex can't be reached, the stand-in in host/.
  defp host do
    case System.get_env("PHOENIX_REPLAY_PATH") do
      path when path not in [nil, ""] ->
        {:phoenix_replay, path: Path.expand(path)}

      _ ->
        if Code.ensure_loaded?(Hex) do
          {:phoenix_replay, "~> 0.2.0"}
        else
          {:phoenix_replay, path: Path.expand("host", __DIR__)}
        end
    end
  end

  # Only where it can be had; the package does not need it.
  defp documentation do
    if Code.ensure_loaded?(Hex),
      do: [{:ex_doc, "~> 0.34", only: :dev, runtime: false, optional: true}],
      else: []
  end

  defp package do
    [
      licenses: ["MIT"],
      links: if(@source_url, do: %{"Source" => @source_url}, else: %{}),
      files:
        ~w(lib native .cargo guides bench/results/charts Cargo.toml Cargo.lock mix.exs README.md
                ARCHITECTURE.md RELIABILITY.md CONTRIBUTING.md SECURITY.md CHANGELOG.md LICENSE
                .formatter.exs)
    ]
  end

  defp docs do
    [
      main: "readme",
      source_ref: "v#{@version}",
      extras:
        ~w(README.md) ++
          guides() ++
          ~w(ARCHITECTURE.md RELIABILITY.md CONTRIBUTING.md SECURITY.md CHANGELOG.md),
      # The images of the front page, by the path that they have in the repository.
      assets: %{
        "bench/results/charts" => "bench/results/charts",
        "guides/assets" => "guides/assets"
      },
      groups_for_extras: [
        Guides: guides(),
        "How it works": ~w(ARCHITECTURE.md RELIABILITY.md),
        Project: ~w(CONTRIBUTING.md SECURITY.md CHANGELOG.md)
      ],
      groups_for_modules: [
        "For the host": [PhoenixReplay.Storage.Native],
        Recording: [PhoenixReplay.Native.Recorder, PhoenixReplay.Native.Store],
        "Finding, erasing, checking": [PhoenixReplay.Native, PhoenixReplay.Native.Release],
        Reference: [
          PhoenixReplay.Native.Options,
          PhoenixReplay.Native.Error,
          PhoenixReplay.Native.Telemetry
        ]
      ]
    ]
  end

  # In the order in which they are read.
  defp guides do
    for name <-
          ~w(getting_started configuration operations several_nodes tasks command_line privacy migrating troubleshooting
                   performance internet_scale file_formats internals),
        do: "guides/#{name}.md"
  end
end
