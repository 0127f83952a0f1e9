defmodule PhoenixReplay.Native.PackageTest do
  @moduledoc false
  # What a reader of the package, or of its documentation, is led to, is there.
  use ExUnit.Case, async: true

  @root Path.expand("..", __DIR__)
  @config Mix.Project.config()
  @extras @config[:docs][:extras]
  @assets Map.keys(@config[:docs][:assets])

  # As Hex packs them.
  @files for pattern <- @config[:package][:files],
             path <- Path.wildcard(Path.join(@root, pattern), match_dot: true),
             file <- [path | Path.wildcard(path <> "/**", match_dot: true)],
             File.regular?(file),
             do: Path.relative_to(file, @root)

  @pages Enum.filter(@files, &(Path.extname(&1) == ".md"))

  for page <- @pages do
    test "every link and image of #{page} is in the package" do
      page = unquote(page)
      text = File.read!(Path.join(@root, page))

      for target <- links(text) do
        [file | anchor] = String.split(target, "#", parts: 2)
        path = if file == "", do: page, else: inside(Path.join(Path.dirname(page), file))
        assert path in @files, "#{page}: #{target} is not in the package"
        for anchor <- anchor, do: assert(anchor in anchors(path), "#{page}: no #{target}")
      end
    end
  end

  test "every page that is linked to is a page of the documentation" do
    for page <- @pages, do: assert(page in @extras)
    for page <- @extras, do: assert(page in @files)
  end

  test "images are assets of the documentation" do
    for page <- @pages,
        [_, image] <- Regex.scan(~r/src="([^"]+)"/, File.read!(Path.join(@root, page))),
        do: assert(Enum.any?(@assets, &String.starts_with?(image, &1 <> "/")))
  end

  test "what compiles the native library is in the package" do
    for file <- ~w(native/compile.exs native/library.exs native/precompiled.exs Cargo.lock
                   native/nif/src/lib.rs .cargo/config.toml),
        do: assert(file in @files)
  end

  # Of a page, without its code.
  defp links(text) do
    text = Regex.replace(~r/```.*?```/s, text, "")

    for [target] <- Regex.scan(~r/(?<=\]\()[^)\s]+(?=\))|(?<=src=")[^"]+/, text),
        not (target =~ ~r/\A[a-z]+:/),
        do: target
  end

  defp inside(path) do
    path
    |> Path.split()
    |> Enum.reduce([], fn
      ".", parts -> parts
      "..", [_ | parts] -> parts
      part, parts -> [part | parts]
    end)
    |> Enum.reverse()
    |> Path.join()
  end

  # As GitHub and ex_doc make them of headings.
  defp anchors(page) do
    for [_, heading] <- Regex.scan(~r/^#+ (.+)$/m, File.read!(Path.join(@root, page))) do
      heading
      |> String.downcase()
      |> String.replace(~r/[^\p{L}\p{N}\s_-]/u, "")
      |> String.replace(~r/\s/, "-")
    end
  end
end
