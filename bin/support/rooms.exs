# Checks the plan of the house: that each crate knows only those it may, that imports between the
# rooms of native/store run down only, that within a room none run in a circle, and that no file
# has grown too long to be one idea.
# ARCHITECTURE.md says what is in each room.
#
#     elixir bin/support/rooms.exs

defmodule Rooms do
  @src "native/store/src"

  # From the ground up: a room may import from those before it, and from itself. Where a file is
  # named, it stands on a floor of its own, below or above the rest of its room.
  @floors ~w(sync crew disk remote error codec retention/limits retention/alarm options slab notice stats observer
             index watch/freshness watch/probe watch/told directory watch files erase retention active query reader store tier fuzz lib)

  # Which of the other crates each may know.
  @crates %{
    "etf" => [],
    "store" => ~w(etf),
    "s3" => [],
    "remote" => ~w(store s3),
    "nif" => ~w(etf store remote),
    "cli" => ~w(store)
  }

  @max_lines 350
  @max_test_lines 400
  @max_median 120

  def run do
    problems = crates() ++ imports() ++ circles() ++ lengths()
    Enum.each(problems, &IO.puts(:stderr, &1))
    if problems != [], do: System.halt(1)
    IO.puts("#{length(sources())} files, every import runs down, and none in a circle")
  end

  defp crates do
    manifests =
      Map.new(Path.wildcard("native/*/Cargo.toml"), &{Path.basename(Path.dirname(&1)), &1})

    unknown =
      for {crate, path} <- manifests, not is_map_key(@crates, crate), do: "#{path}: on no floor"

    known =
      for {crate, allowed} <- @crates,
          [_, other] <- Regex.scan(~r"path = \"\.\./(\w+)\"", File.read!(manifests[crate])),
          other not in allowed,
          do: "#{manifests[crate]}: #{crate} must not know #{other}"

    unknown ++ known
  end

  defp imports do
    for path <- rust(@src),
        from = room(Path.relative_to(path, @src)),
        {line, number} <- numbered(path),
        to <- imported(line),
        level(from) < level(to) do
      "#{path}:#{number}: #{from} must not know #{to}: #{String.trim(line)}"
    end
  end

  # What stands behind `crate::` in a line of code, as far as it leads to a room.
  defp imported(line) do
    if line =~ ~r"^\s*//" do
      []
    else
      for [_, path] <- Regex.scan(~r/\bcrate::(\w+(?:::\w+)*)/, line) do
        path |> String.replace("::", "/") |> room()
      end
    end
  end

  # Files beside each other that know each other, whichever way round.
  defp circles do
    for dir <- sources() |> Enum.map(&Path.dirname/1) |> Enum.uniq(), circle <- circles(dir) do
      "#{dir}: #{circle |> Enum.sort() |> Enum.join(", ")} import each other"
    end
  end

  defp circles(dir) do
    files = for path <- rust(dir), Path.dirname(path) == dir, do: path
    names = Enum.map(files, &Path.basename(&1, ".rs")) -- ~w(lib main mod tests)
    graph = :digraph.new()
    Enum.each(names, &:digraph.add_vertex(graph, &1))

    for name <- names,
        other <- beside(Path.join(dir, name <> ".rs")),
        other in names,
        other != name,
        do: :digraph.add_edge(graph, name, other)

    :digraph_utils.cyclic_strong_components(graph)
  end

  # The neighbours that a file names: `super::name`, `super::{name, name::…}`, or by the path from
  # the crate, where that is the neighbours' own.
  defp beside(path) do
    code = for {line, _} <- numbered(path), not (line =~ ~r"^\s*//"), do: [line, ?\n]
    code = IO.iodata_to_binary(code)
    [_crate, inside] = path |> Path.dirname() |> Kernel.<>("/") |> String.split("/src/")
    own = "crate::" <> String.replace(inside, "/", "::")

    for prefix <- ["super::", own],
        [_, names] <- Regex.scan(~r/\b#{prefix}(\w+|\{(?:[^{}]|\{[^{}]*\})*\})/, code),
        [name] <- Regex.scan(~r/\w+/, Regex.replace(~r/::[^,]*/, names, "")),
        do: name
  end

  defp room(path) do
    path = String.replace_suffix(path, ".rs", "")
    [first | _] = String.split(path, "/")
    special = Enum.find(@floors, &(String.contains?(&1, "/") and String.starts_with?(path, &1)))
    special || first
  end

  defp level(room) do
    Enum.find_index(@floors, &(&1 == room)) ||
      raise "#{room} is on no floor: see bin/support/rooms.exs"
  end

  # The lines of a file with their numbers, without the unit tests at its end.
  defp numbered(path) do
    path
    |> File.read!()
    |> String.split("\n")
    |> Enum.with_index(1)
    |> Enum.take_while(fn {line, _} -> line != "#[cfg(test)]" end)
  end

  defp lengths do
    lines = Map.new(sources(), &{&1, length(String.split(File.read!(&1), "\n")) - 1})
    sizes = lines |> Map.values() |> Enum.sort()
    median = Enum.at(sizes, div(length(sizes), 2))

    long =
      for {path, count} <- lines, count > @max_lines, do: "#{path}: #{count} lines are too many"

    long_tests =
      for path <- tests(),
          count = length(String.split(File.read!(path), "\n")) - 1,
          count > @max_test_lines,
          do: "#{path}: #{count} lines are too many"

    if median > @max_median,
      do: ["the median file has #{median} lines" | long ++ long_tests],
      else: long ++ long_tests
  end

  defp sources, do: Enum.flat_map(Map.keys(@crates), &rust("native/#{&1}/src"))

  defp tests do
    Enum.flat_map(~w(etf store cli), &rust("native/#{&1}/tests")) ++
      Enum.flat_map(~w(test host/test), &Path.wildcard("#{&1}/**/*.{ex,exs}"))
  end

  defp rust(dir), do: Path.wildcard("#{dir}/**/*.rs")
end

Rooms.run()
