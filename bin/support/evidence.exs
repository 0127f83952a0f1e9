# Checks that what RELIABILITY.md names exists: every test in Rust, every file and folder.
root = Path.expand("../..", __DIR__)
text = File.read!(Path.join(root, "RELIABILITY.md"))

tests =
  for file <- Path.wildcard(Path.join(root, "native/**/*.rs")),
      [_, name] <- Regex.scan(~r/#\[test\](?:\s*#\[.*\])*\s*fn (\w+)/, File.read!(file)),
      into: MapSet.new(),
      do: name

# A test is called by a sentence, which has more words than anything else with underscores.
named? = fn span -> span =~ ~r/^[a-z0-9]+(_[a-z0-9]+){3,}$/ end
path? = fn span -> span =~ ~r"^(native|test|fuzz|bin|bench)/[\w./-]*$" end
spans = for [_, span] <- Regex.scan(~r/`([^`\n]+)`/, text), uniq: true, do: span

missing =
  for span <- spans,
      (named?.(span) and span not in tests) or
        (path?.(span) and not File.exists?(Path.join(root, span))),
      do: span

if missing != [] do
  IO.puts(:stderr, "RELIABILITY.md names what does not exist: #{Enum.join(missing, ", ")}")
  System.halt(1)
end
