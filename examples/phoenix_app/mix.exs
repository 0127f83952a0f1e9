defmodule Tasks.MixProject do
  use Mix.Project

  def project do
    [
      app: :tasks,
      version: "0.1.0",
      elixir: "~> 1.15",
      elixirc_paths: elixirc_paths(Mix.env()),
      start_permanent: Mix.env() == :prod,
      deps: deps()
    ]
  end

  def application do
    [mod: {Tasks.Application, []}, extra_applications: [:logger]]
  end

  defp elixirc_paths(:test), do: ["lib", "test/support"]
  defp elixirc_paths(_), do: ["lib"]

  defp deps do
    [
      {:phoenix, "~> 1.8.0"},
      {:phoenix_live_view, "~> 1.1.0"},
      {:bandit, "~> 1.5"},
      {:jason, "~> 1.2"},
      {:phoenix_replay, "~> 0.2.0"},
      {:phoenix_replay_native, path: "../.."},
      {:lazy_html, ">= 0.1.0", only: :test}
    ]
  end
end
