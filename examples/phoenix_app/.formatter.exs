[
  import_deps: [:phoenix, :phoenix_live_view],
  locals_without_parens: [phoenix_replay: 1],
  plugins: [Phoenix.LiveView.HTMLFormatter],
  inputs: ["{mix,.formatter}.exs", "{config,lib,test}/**/*.{ex,exs}"]
]
