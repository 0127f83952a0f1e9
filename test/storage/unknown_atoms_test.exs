defmodule PhoenixReplay.Storage.UnknownAtomsTest do
  @moduledoc false
  # A VM that has not seen the application: the atoms of a recording do not
  # exist there. Each test asks a VM of its own.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.Test.ChildVM

  defp ask(opts, id, code_path \\ nil) do
    ChildVM.run!(
      """
      [opts, id, code_path] = Enum.map(System.argv(), &(&1 |> Base.decode64!() |> :erlang.binary_to_term()))
      if code_path, do: Code.append_path(code_path)
      alias PhoenixReplay.Storage.Native
      IO.inspect(Native.list_summaries(opts), label: "summaries")
      before = :erlang.system_info(:atom_count)
      IO.inspect(match?({:ok, _}, Native.get(id, opts)), label: "got")
      IO.inspect(length(Native.list(opts)), label: "listed")
      IO.inspect(:erlang.system_info(:atom_count) - before, label: "atoms made")
      """,
      for(term <- [opts, id, code_path], do: term |> :erlang.term_to_binary() |> Base.encode64())
    )
  end

  test "a recording of an unknown application is summarized, not served, and says why" do
    [{fixture, expected} | _] = fixtures("etf")
    opts = [path: tmp_dir()]
    install_fixture(fixture, opts[:path])

    output = ask(opts, expected["id"])
    assert output =~ ~s(view: "LabAppWeb.TaskLive")
    assert output =~ "event_count: #{expected["event_count"]}"
    assert output =~ "got: false"
    assert output =~ "listed: 0"
    assert output =~ "the recording of LabAppWeb.TaskLive mentions an atom"
    assert File.exists?(Path.join(opts[:path], Path.basename(fixture)))
  end

  test "its view is loaded when its code is there, and the recording is served" do
    directory = tmp_dir()
    File.mkdir_p!(directory)
    name = "Unheard#{System.unique_integer([:positive])}.FormLive"
    source = Path.join(directory, "view.ex")

    # Compiled elsewhere, so that this VM does not learn the atoms either.
    File.write!(source, """
    defmodule #{name} do
      def assigns, do: %{first_#{id_suffix()}: 1, second_#{id_suffix()}: :third_#{id_suffix()}, fun: fn x -> x end}
    end
    """)

    {_, 0} = System.cmd("elixirc", ["-o", directory, source], stderr_to_stdout: true)
    opts = [path: Path.join(directory, "recordings")]

    output =
      ChildVM.run!(
        """
        [opts, code_path, name] = System.argv()
        Code.append_path(code_path)
        opts = opts |> Base.decode64!() |> :erlang.binary_to_term()
        view = Module.concat([name])
        recording = PhoenixReplay.Native.Test.Recordings.recording(view: view, events: 0)
        event = {99, :assigns, %{delta: view.assigns()}}
        :ok = PhoenixReplay.Storage.Native.save(%{recording | events: [event]}, opts)
        IO.write("id: " <> recording.id)
        """,
        [opts |> :erlang.term_to_binary() |> Base.encode64(), directory, name]
      )

    [_log, id] = String.split(output, "id: ")

    assert ask(opts, id) =~ "got: false"
    output = ask(opts, id, directory)
    assert output =~ "got: true"
    assert output =~ "listed: 1"
  end

  defp id_suffix, do: "atom_#{:erlang.phash2(self())}"
end
