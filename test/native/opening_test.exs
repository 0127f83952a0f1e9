defmodule PhoenixReplay.Native.OpeningTest do
  @moduledoc false
  # Many processes ask for a directory whose recordings nobody has read yet.
  use ExUnit.Case, async: true

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native.{Nif, Options}
  alias PhoenixReplay.Native.Test.ChildVM
  alias PhoenixReplay.Storage.Native

  @files 500

  defp unknown_directory(count \\ @files) do
    path = tmp_dir()
    File.mkdir_p!(path)
    content = fn id -> :zlib.gzip(:erlang.term_to_binary(Map.from_struct(recording(id: id)))) end
    for n <- 1..count, do: File.write!(Path.join(path, "r#{n}.etf.gz"), content.("r#{n}"))
    path
  end

  # What 50 processes get that ask at the same time.
  defp at_once(ask) do
    1..50 |> Task.async_stream(ask, max_concurrency: 50, timeout: :infinity) |> Enum.uniq()
  end

  test "all who ask at once get it, and nothing is left in their mailboxes" do
    path = unknown_directory()

    ask = fn n ->
      send(self(), {:mine, n})
      result = Native.init(path: path)
      {result, Process.info(self(), :messages) == {:messages, [{:mine, n}]}}
    end

    assert at_once(ask) == [ok: {:ok, true}]
    assert {:ok, %{recordings: @files}} = PhoenixReplay.Native.stats(path: path)
  end

  test "callers that are killed meanwhile hold up nobody" do
    path = unknown_directory()
    {:ok, options} = Options.new(path: path)

    impatient =
      for _ <- 1..20 do
        {pid, ref} = spawn_monitor(fn -> Native.init(path: path) end)
        Process.exit(pid, :kill)
        {pid, ref}
      end

    for {pid, ref} <- impatient, do: receive(do: ({:DOWN, ^ref, _, ^pid, _} -> :ok))
    assert Native.init(path: path) == :ok
    assert {:ok, _number, []} = Nif.directory_opened(path, options)
  end

  test "one can't be opened: all who ask at once are told why" do
    path = tmp_dir()
    File.write!(path, "in the way")
    ask = fn _ -> Native.init(path: path) end
    assert at_once(ask) == [ok: {:error, :enotdir}]
  end

  test "its path is in the log once, and absolute, whoever opens it and how often" do
    path = tmp_dir()
    up = Enum.map(tl(Path.split(File.cwd!())), fn _ -> ".." end)
    relative = Path.join(up ++ [Path.relative_to(path, "/")])
    open = fn n -> Native.init(path: Enum.at([path, relative], rem(n, 2))) end

    log =
      capture_log(fn ->
        assert at_once(open) == [ok: :ok]
        :ok = PhoenixReplay.Native.close(path: path)
        assert open.(1) == :ok
      end)

    assert [_, _] = String.split(log, "[info] PhoenixReplay: recordings are in #{path}\n")
  end

  # With a single scheduler for work on files: whoever kept it would keep
  # everybody else from reading one.
  @child """
  [path] = System.argv()
  alias PhoenixReplay.Native.{Nif, Options}
  alias PhoenixReplay.Storage.Native

  attempt = fn n ->
    copy = path <> "-" <> to_string(n)
    File.mkdir_p!(copy)
    for file <- File.ls!(path), do: File.ln!(Path.join(path, file), Path.join(copy, file))
    {:ok, options} = Options.new(path: copy)
    openers = for _ <- 1..20, do: Task.async(fn -> Native.init(path: copy) end)
    begun = fn begun -> Nif.directory_close(copy, 0) != :ok || begun.(begun) end
    begun.(begun)
    {:ok, _} = File.read("/etc/hostname")
    state = Nif.directory_opened(copy, options)
    true = Enum.all?(Task.await_many(openers, :infinity), & &1 == :ok)
    File.rm_rf!(copy)
    state == :closed
  end

  # It may have been opened before the file was read, but not each time.
  IO.inspect(Enum.any?(1..5, attempt), label: "read a file while a directory was being opened")
  """

  # Each is up to five attempts, in a VM of its own.
  @tag timeout: 300_000
  test "nobody who works with files waits for it" do
    # Enough that opening takes some time.
    path = unknown_directory(4000)
    output = ChildVM.run!(@child, [path], vm: ["+SDio 1"])
    assert output =~ "read a file while a directory was being opened: true"
  end

  # As above, for a directory that is open, in which others have put recordings.
  # Whoever reads them keeps one scheduler of two; who waits for that, none.
  @listing """
  [path] = System.argv()
  alias PhoenixReplay.Storage.Native

  attempt = fn n ->
    copy = path <> "-" <> to_string(n)
    :ok = Native.init(path: copy)
    # Each under five names, which is more to read.
    for file <- File.ls!(path), k <- 1..5,
      do: File.ln!(Path.join(path, file), Path.join(copy, to_string(k) <> file))
    parent = self()

    listers =
      for _ <- 1..10 do
        Task.async(fn ->
          send(parent, :asks)
          {:ok, %{recordings: count}} = PhoenixReplay.Native.stats(path: copy)
          send(parent, :told)
          count
        end)
      end

    for _ <- listers, do: receive(do: (:asks -> :ok))
    for _ <- 1..3, do: {:ok, _} = File.read("/etc/hostname")
    first = receive do: (:told -> false), after: (0 -> true)
    [4000] = listers |> Task.await_many(:infinity) |> Enum.uniq()
    flush = fn flush -> receive do :told -> flush.(flush) after 0 -> :ok end end
    flush.(flush)
    File.rm_rf!(copy)
    first
  end

  IO.inspect(Enum.any?(1..5, attempt), label: "read files while a directory was being read")
  """

  @tag timeout: 300_000
  test "nobody who works with files waits for those who list one" do
    output = ChildVM.run!(@listing, [unknown_directory(4000)], vm: ["+SDio 2"])
    assert output =~ "read files while a directory was being read: true"
  end
end
