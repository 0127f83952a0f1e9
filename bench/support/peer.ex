defmodule Bench.Peer do
  @moduledoc """
  Other places where a finished recording, or an event of one in flight, could
  be kept. Each does the job in the way that comes natural to it: the term
  itself where it takes terms, its external form where it takes bytes. None of
  them compresses, and unless it says so, none syncs.
  """

  alias PhoenixReplay.Recording

  @type state :: term()

  @doc "Opens it in a directory; `:unavailable` where it is not installed."
  @callback open(Path.t()) :: {:ok, state()} | :unavailable
  @callback save(state(), Recording.t()) :: :ok
  @callback get(state(), binary()) :: {:ok, Recording.t()} | :error
  @callback append(state(), binary(), non_neg_integer(), Recording.event()) :: :ok
  @doc "What was appended to a recording, in order."
  @callback events(state(), binary()) :: [Recording.event()]
  @callback close(state()) :: term()

  @optional_callbacks get: 2, append: 4, events: 2

  @peers [
    ets: Bench.Peers.Ets,
    dets: Bench.Peers.Dets,
    disk_log: Bench.Peers.DiskLog,
    sqlite: Bench.Peers.Sqlite
  ]

  @doc """
  Opens every peer that is there, or those of the names, passes its name, module
  and state to `fun`, and closes it.
  """
  @spec each(Bench.Run.t(), [atom()], (atom(), module(), state() -> term())) :: :ok
  def each(run, names \\ Keyword.keys(@peers), fun) do
    for {name, module} <- Keyword.take(@peers, names) do
      case module.open(Bench.Workspace.directory(run, "peer-#{name}")) do
        {:ok, state} ->
          fun.(name, module, state)
          module.close(state)

        :unavailable ->
          Bench.Report.note("#{name} is not installed here: skipped")
      end
    end

    :ok
  end

  @doc "Raises unless the peer gives back what was saved."
  @spec check!(module(), state(), Recording.t()) :: :ok
  def check!(module, state, recording) do
    :ok = module.save(state, recording)

    if readable?(module),
      do: Bench.Check.equal!(module.get(state, recording.id), {:ok, recording}, inspect(module)),
      else: :ok
  end

  @doc "Whether it can find a recording by its id."
  @spec readable?(module()) :: boolean()
  def readable?(module), do: Code.ensure_loaded?(module) and function_exported?(module, :get, 2)
end
