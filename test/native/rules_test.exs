defmodule PhoenixReplay.Native.RulesTest do
  # Replaces the host's sanitizer for a moment.
  use ExUnit.Case, async: false

  alias PhoenixReplay.Native.{Nif, Rules}
  alias PhoenixReplay.Sanitizer

  test "the rules are those of the host's sanitizer" do
    assert Rules.agree?(Rules.sample())
    assert Rules.sanitizer() == Sanitizer
  end

  test "each part of the sample is something that could differ" do
    sample = Rules.sample()
    cleaned = Sanitizer.sanitize_assigns(sample)

    for key <- [:list, :schemas, :form, :bare, :changeset, :inner, "large"] do
      assert sample[key] != cleaned[key], inspect(key)
    end

    for key <- [:tuple, :struct], do: assert(sample[key] == cleaned[key])
  end

  # What the engine's rules would have to do to be another's.
  for {what, from, to} <- [
        {"a key less", "csrf_token _csrf_token", "_csrf_token"},
        {"other internal assigns", ":uploads, :streams", ":uploads, :temporary"},
        {"forms with options", ", options: []", ""},
        {"changesets with types", "types: nil,", ""},
        {"structs without tokens", "else: struct", "else: struct |> Map.delete(:query)"},
        {"schemas with what they keep", "|> Map.delete(:__meta__)", ""}
      ] do
    @tag :capture_log
    test "a sanitizer that differs is called: #{what}" do
      source = File.read!(Path.join([File.cwd!(), "host/lib/phoenix_replay/sanitizer.ex"]))
      other = String.replace(source, unquote(from), unquote(to))
      refute other == source
      on_exit(&load_again/0)
      Code.put_compiler_option(:ignore_module_conflict, true)
      Code.compile_string(other)
      Code.put_compiler_option(:ignore_module_conflict, false)
      assert Rules.sanitizer() == nil
      load_again()
      assert Rules.sanitizer() == Sanitizer
    end
  end

  defp load_again do
    :code.purge(Sanitizer)
    {:module, Sanitizer} = :code.load_file(Sanitizer)
    :code.purge(Sanitizer)
  end

  test "what the rules do not cover is refused" do
    for value <- [
          [1 | 2],
          %{__struct__: Phoenix.HTML.Form},
          %{__struct__: "none", token: 1},
          %{~D[2026-11-27] => 1}
        ] do
      assert Nif.codec_sanitize(%{a: true}, %{a: value}, []) == :refused
      refute Rules.agree?(%{a: value})
    end
  end
end
