[
  inputs: [
    "{mix,.formatter}.exs",
    "native/*.exs",
    "{lib,test,bench,bin}/**/*.{ex,exs}"
  ]
]
