[
  inputs: [
    "{mix,.formatter}.exs",
    "native/*.exs",
    "{lib,test,bench,bin}/**/*.{ex,exs}"
  ],
  locals_without_parens: [defguarded: 1]
]
