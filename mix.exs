# The compiler that builds the crates has to exist before Mix compiles lib/.
unless Code.ensure_loaded?(Mix.Tasks.Compile.ReplayNative) do
  Code.require_file("native/compile.exs", __DIR__)
end

defmodule PhoenixReplay.Native.MixProject do
  use Mix.Project

  @version "0.1.0"

  def project do
    [
      app: :phoenix_replay_native,
      version: @version,
      elixir: "~> 1.14",
      start_permanent: Mix.env() == :prod,
      elixirc_paths: elixirc_paths(Mix.env()),
      compilers: [:replay_native] ++ Mix.compilers(),
      deps: deps(),
      description: "Native storage engine for PhoenixReplay",
      package: package(),
      docs: [main: "readme", extras: ~w(README.md ARCHITECTURE.md RELIABILITY.md CHANGELOG.md)]
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
    [host()]
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

  defp package do
    [
      licenses: ["MIT"],
      links: %{},
      files: ~w(lib native .cargo Cargo.toml Cargo.lock mix.exs README.md ARCHITECTURE.md
                RELIABILITY.md CHANGELOG.md LICENSE .formatter.exs)
    ]
  end
end
