defmodule PhoenixReplay.Native.GetTest do
  @moduledoc false
  # Recordings whose code is gone. They are written by one VM and read by
  # another that has never heard of their atoms; this one hears of them last.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Error
  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage

  @read """
  [requests] = System.argv()
  strings = [unknown_atoms: :strings]
  # What is loaded for it makes atoms.
  {:module, _} = Code.ensure_loaded(PhoenixReplay.Recording)

  answers =
    for {opts, id} <- requests |> Base.decode64!() |> :erlang.binary_to_term() do
      {:error, :not_found} = PhoenixReplay.Native.get("none", strings, opts)
      usual = PhoenixReplay.Native.get(id, [], opts)
      before = :erlang.system_info(:atom_count)
      read = PhoenixReplay.Native.get(id, strings, opts)
      {usual, read, :erlang.system_info(:atom_count) - before}
    end

  IO.puts("answers:" <> Base.encode64(:erlang.term_to_binary(answers)))
  """

  defp read_elsewhere(opts, id), do: hd(read_elsewhere([{opts, id}]))

  defp read_elsewhere(requests) do
    output = ChildVM.run!(@read, [requests |> :erlang.term_to_binary() |> Base.encode64()])
    [_, answers] = Regex.run(~r/^answers:(.*)$/m, output)
    answers |> Base.decode64!() |> :erlang.binary_to_term()
  end

  # `code` is an expression for the payload of the one event.
  defp write_elsewhere(opts, code, ending \\ "save") do
    view = "Removed#{System.unique_integer([:positive])}.Live"

    ChildVM.run!(
      """
      [opts, ending] = System.argv()
      opts = opts |> Base.decode64!() |> :erlang.binary_to_term()
      recording = PhoenixReplay.Native.Test.Recordings.recording(id: "gone", view: #{view})
      event = {5, :event, Map.put(#{String.trim(code)}, :name, "save")}
      recording = %{recording | events: [{0, :mount, %{}}]}

      case ending do
        "save" ->
          :ok = PhoenixReplay.Storage.Native.save(%{recording | events: [event]}, opts)

        "halt" ->
          Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
          Application.put_env(:phoenix_replay, :storage_opts, opts)
          :ok = PhoenixReplay.Native.Store.start_recording("gone", recording)
          :ok = PhoenixReplay.Native.Store.append_event("gone", event)
          :erlang.halt(0, flush: true)
      end
      """,
      [opts |> :erlang.term_to_binary() |> Base.encode64(), ending]
    )

    view
  end

  @forgotten """
  %{
    :forgotten => :"Elixir.Removed.Other",
    "forgotten" => 1,
    {:forgotten, 1} => 2,
    {"forgotten", 1} => 3,
    :renamed => [{:forgotten, :renamed} | :tail_forgotten],
    struct: %{__struct__: :"Elixir.Removed.Thing", größe_forgotten: nil}
  }
  """

  @as_strings %{
    ":forgotten" => "Elixir.Removed.Other",
    "forgotten" => 1,
    {":forgotten", 1} => 2,
    {"forgotten", 1} => 3,
    "renamed" => [{"forgotten", "renamed"} | "tail_forgotten"],
    name: "save",
    struct: %{:__struct__ => "Removed.Thing", "größe_forgotten" => nil}
  }

  test "atoms that are gone are strings, wherever they are, and no key is lost" do
    opts = [path: tmp_dir()]
    view = write_elsewhere(opts, @forgotten)
    assert {{:error, {:unknown_atom, ^view}}, {:ok, read}, 0} = read_elsewhere(opts, "gone")
    assert %{view: ^view, events: [{5, :event, @as_strings}]} = read
    assert Error.format({:unknown_atom, view}) =~ "get/3 reads it with unknown_atoms: :strings"
  end

  test "so are those of a recording in flight, and of one that could not be saved" do
    opts = [path: tmp_dir()]
    view = write_elsewhere(opts, @forgotten, "halt")
    # It is recovered, and can't be saved while this is here.
    File.mkdir_p!(Path.join(opts[:path], "gone.etf.gz"))
    assert {{:error, {:unknown_atom, ^view}}, {:ok, read}, 0} = read_elsewhere(opts, "gone")
    assert %{view: ^view, events: [{0, :mount, %{}}, {5, :event, @as_strings}]} = read
  end

  test "in JSON they are strings anyway" do
    opts = [path: tmp_dir(), format: :json]
    view = write_elsewhere(opts, "%{:forgotten => :gone, \"more\" => 1}")
    assert {{:ok, read}, {:ok, read}, 0} = read_elsewhere(opts, "gone")
    assert %{view: ^view, events: [{5, :event, payload}]} = read
    assert payload == %{"forgotten" => "gone", "more" => 1, "name" => "save"}
  end

  test "below the levels that the decoder follows itself it is the same" do
    opts = [path: tmp_dir()]
    code = "%{params: Enum.reduce(1..200, %{:deep_gone => 1, \"deep_gone\" => 2}, &{&1, &2})}"
    write_elsewhere(opts, code)
    assert {{:error, _}, {:ok, read}, 0} = read_elsewhere(opts, "gone")
    deepest = %{":deep_gone" => 1, "deep_gone" => 2}
    assert [{5, :event, %{params: deep}}] = read.events
    assert deep == Enum.reduce(1..200, deepest, &{&1, &2})
  end

  test "recordings of a real application are read, and differ in nothing but that" do
    installed =
      for kind <- ["etf", "json", "legacy"], {fixture, expected} <- fixtures(kind) do
        opts = [path: tmp_dir()]
        install_fixture(fixture, opts[:path])
        {opts, expected}
      end

    answers = read_elsewhere(for {opts, expected} <- installed, do: {opts, expected["id"]})

    define_fixture_atoms()

    for {{opts, expected}, answer} <- Enum.zip(installed, answers) do
      assert {_usual, {:ok, read}, 0} = answer
      {:ok, whole} = Native.get(expected["id"], [], opts)
      assert length(read.events) == expected["event_count"]
      # As in a summary.
      view = if is_atom(whole.view), do: inspect(whole.view), else: whole.view
      assert read.view == view
      assert without_atoms(%{read | view: nil}) == without_atoms(%{whole | view: nil})
      assert {:ok, ^whole} = Native.get(expected["id"], [unknown_atoms: :strings], opts)
    end
  end

  # With no atoms at all, what was replaced and what was not is the same.
  defp without_atoms(%{__struct__: module} = struct) do
    fields = struct |> Map.delete(:__struct__) |> without_atoms()
    Map.put(fields, "__struct__", if(is_atom(module), do: inspect(module), else: module))
  end

  defp without_atoms(%{} = map),
    do: Map.new(map, fn {key, value} -> {without_atoms(key), without_atoms(value)} end)

  defp without_atoms([head | tail]), do: [without_atoms(head) | without_atoms(tail)]

  defp without_atoms(tuple) when is_tuple(tuple),
    do: tuple |> Tuple.to_list() |> without_atoms() |> List.to_tuple()

  defp without_atoms(atom) when is_atom(atom), do: Atom.to_string(atom)
  defp without_atoms(other), do: other

  test "what can't be read is said, and options are checked" do
    opts = [path: tmp_dir()]
    recording = recording()
    :ok = Storage.Native.save(recording, opts)
    File.write!(Path.join(opts[:path], "bad.etf.gz"), "bad")

    for options <- [[], [unknown_atoms: :error], [unknown_atoms: :strings]] do
      assert Native.get(recording.id, options, opts) == {:ok, recording}
      assert Native.get("none", options, opts) == {:error, :not_found}
      assert Native.get(:none, options, opts) == {:error, :not_found}

      capture_log(fn ->
        assert Native.get("bad", options, opts) == {:error, {:damaged, "bad.etf.gz"}}
      end)
    end

    for options <- [
          [unknown_atoms: :atoms],
          :strings
        ] do
      assert Native.get(recording.id, options, opts) ==
               {:error, {:invalid_option, :unknown_atoms, ":error or :strings"}}
    end

    for options <- [[unknown: 1], [unknown_atoms: :error, unknown: 1]] do
      assert Native.get(recording.id, options, opts) ==
               {:error, {:unknown_options, [:unknown], [:unknown_atoms]}}
    end

    assert {:error, {:unknown_options, [:pth], _}} = Native.get("none", [], pth: "/")
  end
end
