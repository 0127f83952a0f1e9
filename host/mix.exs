defmodule PhoenixReplay.MixProject do
  use Mix.Project

  def project do
    [
      app: :phoenix_replay,
      version: "0.2.0",
      elixir: "~> 1.14",
      elixirc_paths: elixirc_paths(Mix.env()),
      start_permanent: Mix.env() == :prod,
      # The test helper starts the application, once it is configured.
      aliases: [test: "test --no-start"],
      deps: []
    ]
  end

  def application do
    [extra_applications: [:logger], mod: {PhoenixReplay.Application, []}]
  end

  defp elixirc_paths(:test), do: ["lib", "test/support"]
  defp elixirc_paths(_env), do: ["lib"]
end
