defmodule PhoenixReplay.Native.NormalSchedulerTest do
  @moduledoc false
  # What a call on a normal scheduler does not begin, because it would take too
  # long: it says `:again`, and the caller goes to a dirty scheduler.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.{InFlight, Nif}
  alias PhoenixReplay.Storage.Native

  setup do
    opts = [path: tmp_dir()]
    recording = %{recording() | events: []}
    {:ok, handle} = InFlight.start(recording, 10_000, opts)
    # The first append makes room.
    :ok = InFlight.append(handle, {0, :event, %{}}, nil)
    on_exit(fn -> :ok = PhoenixReplay.Native.close(opts) end)
    %{opts: opts, handle: handle, id: recording.id}
  end

  # Making more space for the recording takes a dirty call now and then, which
  # is no matter here.
  defp append_at_once(handle, event) do
    Enum.find(1..50, fn _ ->
      :ok = InFlight.append(handle, {0, :info, %{pad: :binary.copy(<<0>>, 200_000)}}, nil)
      Nif.active_append(handle, event, nil) == :ok
    end)
  end

  test "events of few terms are appended at once", %{handle: handle} do
    for term <- [
          List.duplicate([], 10_000),
          List.duplicate(%{}, 4_000),
          List.duplicate(:event, 10_000),
          List.duplicate(self(), 900),
          :binary.copy(<<7>>, 90_000)
        ] do
      assert append_at_once(handle, {1, :info, %{x: term}})
    end
  end

  test "events of many terms are not, whatever they are", %{handle: handle} do
    # So small that bytes alone would not tell.
    for term <- [
          List.duplicate([], 20_000),
          List.to_tuple(List.duplicate({}, 20_000)),
          List.duplicate(%{}, 8_000),
          List.duplicate("", 17_000),
          List.duplicate(7, 20_000),
          List.duplicate(self(), 1_500),
          for(_ <- 1..1_500, do: make_ref())
        ] do
      event = {1, :info, %{x: term}}
      assert Nif.active_append(handle, event, nil) == :again
      assert InFlight.append(handle, event, nil) == :ok
    end
  end

  # Assigns of one value, after another one under the same key.
  defp changed_at_once(handle, value, base) do
    Nif.active_changes(handle, 1, :delta, %{x: true}, %{x: value}, base)
  end

  defp base(handle, value) do
    {:ok, base} = InFlight.append_raw(handle, {1, :delta, %{x: true}, %{x: value}}, nil)
    base
  end

  test "what has not changed takes no time, however much it is", %{handle: handle} do
    list = for n <- 1..100_000, do: {n, "number"}
    base = base(handle, list)
    assert {:ok, base} = changed_at_once(handle, list, base)
    assert {:ok, base} = changed_at_once(handle, [{0, "number"} | list], base)

    assert {:ok, _base} =
             changed_at_once(handle, List.update_at(list, 2, &put_elem(&1, 1, "x")), base)
  end

  test "changes that are far inside, or many, are not looked for", %{handle: handle} do
    pairs = for n <- 1..20_000, into: %{}, do: {{:key, n}, n}

    for {value, other} <- [
          {Enum.to_list(-20_000..-1), Enum.to_list(-20_000..0)},
          {for(n <- 1..20_000, do: {n}), for(n <- 1..20_000, do: {-n})},
          {List.duplicate({}, 20_000), List.duplicate({}, 20_001)},
          {pairs, Map.put(pairs, :more, 1)},
          {List.to_tuple(List.duplicate({}, 20_000)), List.to_tuple(List.duplicate([], 20_000))},
          {%{one: %{two: List.duplicate("", 20_000)}}, %{one: %{two: List.duplicate(1, 20_000)}}}
        ] do
      base = base(handle, value)
      assert changed_at_once(handle, other, base) == :again
      assert {:ok, base} = InFlight.append_raw(handle, {1, :delta, %{x: true}, %{x: other}}, base)

      assert {:ok, _base} =
               InFlight.append_raw(handle, {1, :delta, %{x: true}, %{x: value}}, base)
    end
  end

  test "keys that are left out are counted too", %{handle: handle} do
    # The same to the rules, and each another key.
    letters = Enum.with_index(~c"passwordconfirmation")

    key = fn n ->
      for {letter, at} <- letters,
          letter = letter - 32 * rem(Bitwise.bsr(n, at), 2),
          separator = if(at == 7, do: "_", else: ""),
          into: "",
          do: <<letter, separator::binary>>
    end

    secrets = for n <- 1..20_000, into: %{}, do: {key.(n), n}
    assert changed_at_once(handle, secrets, nil) == :again
    assert Nif.active_changes(handle, 1, :delta, secrets, secrets, nil) == :again
    assert Nif.active_changes(handle, 1, :snapshot, secrets, %{}, nil) == :again
    assert InFlight.append_raw(handle, {1, :delta, secrets, secrets}, nil) == :ok
  end

  test "what was appended either way is read", %{opts: opts, handle: handle, id: id} do
    wide = {1, :info, %{x: List.duplicate([], 20_000)}}
    :ok = InFlight.append(handle, wide, nil)
    assert {:ok, %{events: [_, ^wide]}} = Native.get(id, opts)
  end

  test "an id that is too long to look at is not looked at", %{opts: opts} do
    id = :binary.copy("x", 65_537)
    <<_::3, unaligned::binary-size(65_537), _::bitstring>> = <<id::binary, 0>>

    for long <- [id, unaligned] do
      assert InFlight.lookup(long, opts) == {:error, :not_found}
      recording = %{recording() | id: long}
      assert InFlight.start(recording, 10, opts) == {:error, {:invalid_recording, :id}}
      # A finished one is saved and read by dirty schedulers.
      assert Native.save(recording, opts) == :ok
      assert Native.get(long, opts) == {:ok, recording}
    end
  end
end
