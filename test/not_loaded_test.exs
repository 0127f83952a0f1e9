defmodule PhoenixReplay.Native.NotLoadedTest do
  @moduledoc false
  # Where the native library can't be loaded, the application runs without it.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Test.ChildVM

  @child """
  [path] = System.argv()
  alias PhoenixReplay.Native.{Error, Nif, Store}
  alias PhoenixReplay.Native.Test.{LiveView, Recordings}
  alias PhoenixReplay.Storage.Native
  opts = [path: path]
  Application.put_env(:phoenix_replay, :storage, Native)
  Application.put_env(:phoenix_replay, :storage_opts, opts)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay)
  {:ok, _} = Application.ensure_all_started(:phoenix_replay_native)

  # Every call of the library says why.
  for {name, arity} <- Nif.__info__(:functions) do
    {:error, {:not_loaded, text}} = apply(Nif, name, List.duplicate(nil, arity))
    true = is_binary(text) and text != ""
  end

  {:error, {:not_loaded, _} = reason} = Native.init(opts)
  {:error, ^reason} = Native.save(Recordings.recording(), opts)
  :error = Native.get("a", opts)
  [] = Native.list(opts)
  [] = Native.list_summaries(opts)
  {:error, ^reason} = Native.delete("a", opts)
  {:error, ^reason} = Native.clear(opts)
  {:error, ^reason} = PhoenixReplay.Native.query([], [], opts)
  {:error, ^reason} = PhoenixReplay.Native.stats(opts)
  {:error, ^reason} = PhoenixReplay.Native.close(opts)
  :error = Store.start_recording("a", Recordings.recording(id: "a"))
  {:error, ^reason} = Store.append_event("a", {1, :event, %{}})
  {:error, ^reason} = Store.finalize("a")
  :error = Store.get_active("a")
  [] = Store.list_active()
  false = File.exists?(path)
  IO.puts("as a sentence: " <> Error.format(reason))
  System.stop()
  Process.sleep(:infinity)
  """

  defp cut(path, size), do: File.write!(path, binary_part(File.read!(path), 0, size))

  # What a wrong system, an interrupted copy, and a forgotten one look like.
  for {what, break} <- [
        cut_off: quote(do: &cut(&1, 9_000)),
        foreign: quote(do: fn path -> File.write!(path, "no library at all") end),
        missing: quote(do: &File.rm!/1)
      ] do
    test "#{what}: the application starts, says so once, and every call gives the reason" do
      path = tmp_dir()
      {paths, native} = ChildVM.copied(path <> "-lib")
      on_exit(fn -> File.rm_rf!(path <> "-lib") end)
      unquote(break).(native)
      output = ChildVM.run!(@child, [path], paths: paths)
      assert output =~ "as a sentence: the native library is not loaded: "
      # The sentence, and no other of this library: the released host begins its
      # own in the same way.
      [_ | errors] = String.split(output, "[error] PhoenixReplay: ")
      assert [told] = Enum.reject(errors, &(&1 =~ ~r/\Astorage initialization failed: /))
      assert told =~ ~r/\Athe native library is not loaded: .*phoenix_replay_native.so/
    end
  end
end
