defmodule PhoenixReplay.Native.SubjectTest do
  # Whom sessions belong to: how that is said, where it is kept, and what it is
  # good for.
  use ExUnit.Case, async: false

  import ExUnit.CaptureLog
  import PhoenixReplay.Native.Test.Recordings

  alias Phoenix.Component
  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Error, Options, Recorder, Store}
  alias PhoenixReplay.Native.Test.{ChildVM, Live, Session}
  alias PhoenixReplay.Storage.File, as: Host
  alias PhoenixReplay.Storage.Native, as: Storage

  setup do
    on_exit(fn -> Application.delete_env(:phoenix_replay, :subject) end)
    configured()
  end

  # What an application names. It says what is in the assigns, as it is.
  def subject(%{assigns: assigns}, params, session) do
    send(self(), {:asked, params, session})
    assigns[:current_user] || if is_map(params), do: params["user"]
  end

  def failing(_socket, _params, _session), do: raise("of the secret")
  def of_recording(recording), do: recording.session["user_id"]

  defp asked_of(name), do: Application.put_env(:phoenix_replay, :subject, {__MODULE__, name})

  # A session as LiveView runs it: the view mounts, and a user does something.
  defp session(fun) do
    parent = self()

    {pid, ref} =
      spawn_monitor(fn ->
        socket = fun.(Live.socket(view: __MODULE__))
        socket = Live.run(socket, :handle_event, ["go", %{}])
        send(parent, {:id, socket.assigns._replay_id})
        receive do: (:stop -> :ok)
      end)

    id = receive do: ({:id, id} -> id)
    in_flight = Enum.find(Store.list_active_summaries(), &(&1.id == id))
    send(pid, :stop)
    receive do: ({:DOWN, ^ref, _, _, _} -> :ok)
    {id, in_flight}
  end

  defp mount(socket, params \\ %{}, session \\ %{}) do
    {:cont, socket} = Recorder.on_mount(:default, params, session, socket)
    socket
  end

  defp summaries(opts) do
    :ok = drained(opts)
    Map.new(Storage.list_summaries(opts), &{&1.id, &1})
  end

  test "the recorder asks when it starts, of socket, params and session", %{opts: opts} do
    asked_of(:subject)

    {id, in_flight} =
      session(fn socket ->
        socket = mount(socket, %{"user" => "ada", "token" => "t"}, %{"locale" => "en"})
        assert_received {:asked, %{"user" => "ada", "token" => "t"}, %{"locale" => "en"}}
        socket = Live.render(socket)
        refute_received {:asked, _, _}
        socket
      end)

    assert %{subject: "ada", active?: true} = in_flight
    assert %{^id => %{subject: "ada", active?: false} = summary} = summaries(opts)
    fields = Map.keys(summary) -- [:subject]
    assert Enum.sort(fields) == Enum.sort(Map.keys(summary(recording())))
    refute is_map_key(summary, :recovered?)
    assert {:ok, %{subject: _}} = {:ok, summary}
  end

  test "where it is not known then, it asks once more, after the first render", %{opts: opts} do
    asked_of(:subject)

    {id, _in_flight} =
      session(fn socket ->
        socket = mount(socket, %{}, %{"locale" => "en"})
        assert_received {:asked, _, _}
        socket = Live.run(socket, :handle_params, [%{}, "http://localhost:4000/"])
        refute_received {:asked, _, _}
        socket = socket |> Component.assign(:current_user, 4711) |> Live.render()
        assert_received {:asked, %{}, %{"locale" => "en"}}
        Live.render(Component.assign(socket, :current_user, 12))
      end)

    {nobodys, _in_flight} =
      session(fn socket ->
        socket = socket |> mount() |> Live.render()
        assert_received {:asked, _, _}
        assert_received {:asked, _, _}
        socket = socket |> Component.assign(:current_user, 12) |> Live.render()
        refute_received {:asked, _, _}
        socket
      end)

    assert %{^id => %{subject: 4711}, ^nobodys => summary} = summaries(opts)
    refute is_map_key(summary, :subject)
  end

  test "a view that the router has not mounted has a subject, too", %{opts: opts} do
    asked_of(:subject)

    {id, _in_flight} =
      session(fn socket ->
        %{socket | router: nil, host_uri: :not_mounted_at_router}
        |> mount(:not_mounted_at_router)
        |> Component.assign(:current_user, "ada")
        |> Live.render()
      end)

    assert %{^id => %{subject: "ada"}} = summaries(opts)
  end

  test "what fails, or is no subject, is told once, and the session is nobody's", %{opts: opts} do
    for {name, user, words} <- [
          {:failing, nil, "RuntimeError in #{inspect(__MODULE__)}.failing/3"},
          {:gone, nil, "UndefinedFunctionError"},
          {:subject, :secret, "gave what is no subject"},
          {:subject, %{secret: 1}, "gave what is no subject"},
          {:subject, "", "gave what is no subject"},
          {:subject, String.duplicate("secret", 43), "gave what is no subject"},
          {:subject, Bitwise.bsl(1, 63), "gave what is no subject"},
          {:subject, 1.5, "gave what is no subject"},
          {:subject, <<1::3>>, "gave what is no subject"}
        ] do
      asked_of(name)

      log =
        capture_log(fn ->
          {id, _in_flight} =
            session(fn socket ->
              socket = socket |> Component.assign(:current_user, user) |> mount()
              Live.render(Component.assign(socket, :current_user, "ada"))
            end)

          assert %{^id => summary} = summaries(opts)
          refute is_map_key(summary, :subject)
        end)

      assert [_] = Regex.scan(~r/whom a session belongs to can't be told/, log)
      assert log =~ words
      refute log =~ "secret"
    end

    Application.put_env(:phoenix_replay, :subject, "no function")
    log = capture_log(fn -> session(&mount/1) end)
    assert log =~ "whom a session belongs to can't be told"
  end

  test "who records without the recorder says it, once and for all", %{opts: opts} do
    id = "by hand"
    :ok = Store.start_recording(id, Session.recording(id))
    assert Store.put_subject(id, String.duplicate("x", 255)) == :ok
    assert Store.put_subject(id, String.duplicate("x", 255)) == :ok
    assert Store.put_subject(id, 1) == {:error, :has_subject}
    assert Store.put_subject("other", 1) == {:error, :not_found}

    for bad <- [nil, "", :ada, 1.0, String.duplicate("x", 256), Bitwise.bsl(1, 63)] do
      assert Store.put_subject(id, bad) == {:error, :invalid_subject}

      if bad != nil do
        log =
          capture_log(fn ->
            assert Store.start_recording("x", Session.recording("x"), bad) == :error
          end)

        assert log =~ "a subject is a binary of 1 to 255 bytes or an integer of 64 bits"
      end
    end

    :ok = Store.append_event(id, Session.event(id, 1))
    {:ok, _} = Store.finalize(id)
    assert [%{subject: <<"xxx", _::binary>>}] = Storage.list_summaries(opts)
    assert Error.format(:has_subject) =~ "somebody else"
  end

  test "with the host's recorder, a storage option says it", %{opts: opts} do
    for {option, n} <- Enum.with_index([{__MODULE__, :of_recording}, & &1.session["user_id"]]) do
      with_option = [subject: option] ++ opts
      [ada, nobodys] = for user <- ["ada#{n}", nil], do: recording(session: %{"user_id" => user})
      for recording <- [ada, nobodys], do: :ok = Storage.save(recording, with_option)

      # As the host calls them, with all of its options.
      :ok = Storage.init(with_option)
      summaries = Map.new(Storage.list_summaries(with_option), &{&1.id, &1})
      assert summaries[ada.id] == Map.put(summary(ada), :subject, "ada#{n}")
      assert summaries[nobodys.id] == summary(nobodys)
      assert Storage.get(ada.id, with_option) == {:ok, ada}
      assert [%{subject: _}] = Storage.list_summaries([subject: "ada#{n}"] ++ with_option)
      assert {:ok, %{total: 1}} = Native.query([subject: "ada#{n}"], [], with_option)
    end

    for bad <- ["ada", :f, nil, {1, 2}, &is_function/2] do
      invalid =
        {:error, {:invalid_option, :subject, "{module, function} or a function of one argument"}}

      assert Storage.save(recording(), [subject: bad] ++ opts) == invalid
      assert Options.new([subject: bad] ++ opts) == invalid
    end

    # Who asks for what is nobody's does not get what is everybody's.
    log = capture_log(fn -> assert Storage.list_summaries([subject: nil] ++ opts) == [] end)
    assert log =~ "the filter :subject must be"

    log =
      capture_log(fn ->
        raising = [subject: fn _recording -> raise "the secret" end] ++ opts
        recording = recording()
        :ok = Storage.save(recording, raising)
        assert Storage.get(recording.id, opts) == {:ok, recording}
      end)

    assert log =~ "can't be told: RuntimeError"
    refute log =~ "secret"
  end

  test "a recording that is saved again keeps it, whatever it is made into", %{opts: opts} do
    asked_of(:subject)
    {id, _in_flight} = session(&mount(&1, %{"user" => "ada"}))
    :ok = drained(opts)
    {:ok, recording} = Storage.get(id, opts)

    for format <- [:etf, :json],
        option <- [[], [subject: fn _recording -> "somebody else" end]] do
      changed = %{recording | session: %{"masked" => true}}
      :ok = Storage.save(changed, [format: format] ++ option ++ opts)
      assert %{^id => %{subject: "ada"}} = summaries(opts)
      assert {:ok, %{session: %{"masked" => true}}} = Storage.get(id, opts)
    end
  end

  test "the pure-Elixir backend reads over it, in both formats", %{opts: opts} do
    for format <- [:etf, :json], subject <- ["ada", 4711] do
      opts = [format: format] ++ opts
      recording = recording()
      :ok = Storage.save(recording, [subject: fn _ -> subject end] ++ opts)
      assert {:ok, theirs} = Host.get(recording.id, opts)
      assert Storage.get(recording.id, opts) == {:ok, theirs}
      if format == :etf, do: assert(theirs == recording)
      assert summary(recording) in Host.list_summaries(opts)

      # What it saves is nobody's.
      assert %{subject: ^subject} = Map.fetch!(summaries(opts), recording.id)
      :ok = Host.save(recording, opts)
      assert Storage.get(recording.id, opts) == {:ok, theirs}
      assert Map.fetch!(summaries(opts), recording.id) == summary(recording)
    end
  end

  @child """
  [path] = System.argv()
  Application.put_env(:phoenix_replay, :storage, PhoenixReplay.Storage.Native)
  Application.put_env(:phoenix_replay, :storage_opts, path: path)
  alias PhoenixReplay.Native.Store
  alias PhoenixReplay.Native.Test.Session

  for {id, first, then} <- [{"start", "ada", nil}, {"later", nil, 4711}, {"nobody", nil, nil}] do
    :ok = Store.start_recording(id, Session.recording(id), first)
    for n <- 1..20, do: :ok = Store.append_event(id, Session.event(id, n))
    if then, do: :ok = Store.put_subject(id, then)
  end

  System.cmd("kill", ["-9", System.pid()])
  """

  test "it survives kill -9", %{opts: opts} do
    assert_raise RuntimeError, fn -> ChildVM.run!(@child, [opts[:path]]) end
    summaries = summaries(opts)
    assert %{subject: "ada", recovered?: true} = summaries["start"]
    assert %{subject: 4711, recovered?: true} = summaries["later"]
    assert %{recovered?: true} = summaries["nobody"]
    refute is_map_key(summaries["nobody"], :subject)

    for id <- ["start", "later", "nobody"] do
      {:ok, recording} = Storage.get(id, opts)
      assert Session.check!(recording) == 20
      assert Host.get(id, opts) == {:ok, recording}
    end
  end

  defp of(subject, opts),
    do: recording() |> tap(&(:ok = Storage.save(&1, [subject: fn _ -> subject end] ++ opts)))

  test "recordings are found and counted by it", %{opts: opts} do
    [one, two] = for _ <- 1..2, do: of(4711, opts)
    digits = of("4711", opts)
    ada = of("ada", opts)
    nobodys = of(nil, opts)

    found = fn filter, opts ->
      {:ok, page} = Native.query([subject: filter], [], opts)
      page.recordings |> Enum.map(& &1.id) |> Enum.sort()
    end

    # Once more from what is written down, and from the files.
    for again <- [:open, :closed, :forgotten] do
      if again != :open, do: :ok = Native.close(opts)
      if again == :forgotten, do: Elixir.File.rm_rf!(Path.join(opts[:path], ".native"))
      assert found.(4711, opts) == Enum.sort([one.id, two.id])
      assert found.("4711", opts) == [digits.id]
      assert found.(["ada", "nobody"], opts) == [ada.id]
      assert found.(["4711", 4711], opts) == Enum.sort([one.id, two.id, digits.id])
      assert found.([], opts) == []
      assert {:ok, %{subjects: subjects}} = Native.facets([], [], opts)
      assert subjects == [{4711, 2}, {"4711", 1}, {"ada", 1}]
      assert {:ok, %{subjects: [{"ada", 1}]}} = Native.facets([id: ada.id], [], opts)
      assert {:ok, %{subjects: []}} = Native.facets([id: nobodys.id], [], opts)
    end

    for bad <- [nil, [nil], "", :ada, 1.5, [1 | 2], String.duplicate("x", 256)] do
      assert {:error, {:invalid_filter, :subject, words}} = Native.query([subject: bad], [], opts)

      assert {:error, {:invalid_filter, :subject, _}} =
               Native.delete_where([subject: bad], [], opts)

      assert words == "a binary of 1 to 255 bytes, an integer of 64 bits, or a list of them"
    end

    assert length(Storage.list_summaries(opts)) == 5
  end

  test "at most 1000 of them are counted, those with the most recordings", %{opts: opts} do
    for n <- 1..1010, do: of(n, opts)
    for n <- 1005..1010, do: of(n, opts)
    {:ok, %{subjects: subjects}} = Native.facets([], [], opts)
    assert length(subjects) == 1000
    assert Enum.take(subjects, 7) == for(n <- 1005..1010, do: {n, 2}) ++ [{1, 1}]
  end

  test "all that is somebody's is erased, and nothing of another", %{opts: opts} do
    kept = for subject <- ["4711", "ada", nil], do: of(subject, opts)
    erased = for _ <- 1..3, do: of(4711, opts)
    :ok = Store.start_recording("running", Session.recording("running"), 4711)
    :ok = Store.append_event("running", Session.event("running", 1))

    assert {:ok, %{count: 4, ids: ids}} = Native.delete_where([subject: 4711], [], opts)
    assert Enum.sort(ids) == Enum.sort(["running" | Enum.map(erased, & &1.id)])
    assert Enum.sort(Map.keys(summaries(opts))) == Enum.sort(Enum.map(kept, & &1.id))
    assert {:ok, %{subjects: [{"4711", 1}, {"ada", 1}]}} = Native.facets([], [], opts)
    assert Store.append_event("running", Session.event("running", 2)) != :ok
  end
end
