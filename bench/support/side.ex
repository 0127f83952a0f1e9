defmodule Bench.Side do
  @moduledoc """
  The two sides where recordings in flight are concerned: the native engine's
  store and the host's own. Both are configured by the same application
  environment, so each gets a VM of its own, and these functions run there.
  """

  alias PhoenixReplay.Native.{Directories, Nif}
  alias PhoenixReplay.{Recording, Storage}

  @type t :: :native | :baseline

  # The stand-in's and the released host's table of recordings in flight.
  @table PhoenixReplay.Store.Active

  @doc """
  Calls `fun` for each side in turn, `rounds` times, and returns what it
  returned for the native side and for the baseline.
  """
  @spec in_turns(pos_integer(), (t() -> sample)) :: {[sample], [sample]} when sample: term()
  def in_turns(rounds, fun) do
    Enum.unzip(for _ <- 1..rounds, do: {fun.(:native), fun.(:baseline)})
  end

  @doc """
  Configures and starts the side as an application would. `clean_up?: false`
  spares the baseline the lists it makes after each saved recording; other
  options are those of the storage.
  """
  @spec open(t(), Path.t(), keyword()) :: :ok
  def open(side, path, opts \\ []) do
    {clean_up?, storage_opts} = Keyword.pop(opts, :clean_up?)
    Application.put_env(:phoenix_replay, :storage, backend(side, clean_up?))
    Application.put_env(:phoenix_replay, :storage_opts, [path: path] ++ storage_opts)
    Application.put_env(:phoenix_replay, :max_events, 1_000_000)
    application = if side == :native, do: :phoenix_replay_native, else: :phoenix_replay
    {:ok, _} = Application.ensure_all_started(application)
    :ok = Storage.backend().init(Storage.storage_opts())
  end

  defp backend(:native, _clean_up?), do: Storage.Native
  defp backend(:baseline, false), do: Bench.Unlisted
  defp backend(:baseline, _clean_up?), do: Storage.File

  @doc "The module with `start_recording/2`, `append_event/2` and the others."
  @spec store(t()) :: module()
  def store(:native), do: PhoenixReplay.Native.Store
  def store(:baseline), do: PhoenixReplay.Store

  @doc """
  Appends an event in the process of its session. Our store answers `:ok`, the
  host's how many there were before, and nil for one that it drops.
  """
  @spec append!(module(), binary(), Recording.event()) :: :ok
  def append!(store, id, event) do
    case store.append_event(id, event) do
      :ok -> :ok
      before when is_integer(before) -> :ok
      refused -> raise("an event was not appended: #{inspect(refused)}")
    end
  end

  @doc """
  Waits until every session that has ended is saved, `stored` recordings with
  those from before, and the side answers again. Raises after five minutes.
  """
  @spec settle(t(), non_neg_integer()) :: :ok
  def settle(side, stored), do: settle(side, stored, System.monotonic_time(:second) + 300)

  defp settle(side, stored, deadline) do
    cond do
      settled?(side, stored) ->
        :ok

      System.monotonic_time(:second) > deadline ->
        raise "#{side}: the sessions that have ended are not saved: fewer than #{stored} stored"

      true ->
        Process.sleep(1)
        settle(side, stored, deadline)
    end
  end

  # A process that has exited may not have been noticed yet, hence the count.
  defp settled?(:native, stored) do
    {:ok, {directory, _format}} = Directories.fetch(Storage.storage_opts())
    Nif.store_drain(directory, 1_000) == 0 and Nif.store_count(directory) >= stored
  end

  # The answer comes when everything before it is done, its clean-ups too.
  defp settled?(:baseline, _stored) do
    :ets.info(@table, :size) == 0 and :sys.get_state(PhoenixReplay.Store, :infinity) != nil
  end

  @doc """
  Lets the calling process be told of what is saved, for `await_saved/2`. The
  baseline has to be open with `clean_up?: false`.
  """
  @spec watch(t()) :: term()
  def watch(:native), do: Nif.notices_to(self())
  def watch(:baseline), do: Process.register(self(), Bench.Unlisted)

  @doc "Waits until this recording is saved."
  @spec await_saved(t(), binary()) :: :ok
  def await_saved(:native, id) do
    receive do
      {:replay_notice, _path, {:saved, _measurements, %{id: ^id}}} -> :ok
    after
      10_000 -> raise "a recording is not saved after ten seconds"
    end
  end

  def await_saved(:baseline, id) do
    receive do
      {:saved, ^id} -> :ok
    after
      10_000 -> raise "a recording is not saved after ten seconds"
    end
  end

  @doc "Raises unless the recording is stored as it should be, read by either backend."
  @spec check_stored!(Recording.t()) :: :ok
  def check_stored!(recording) do
    for backend <- [Storage.File, Storage.backend()] do
      got = backend.get(recording.id, Storage.storage_opts())
      Bench.Check.equal!(got, {:ok, recording}, "#{inspect(backend)}.get after the end")
    end

    :ok
  end
end
