defmodule PhoenixReplay.Storage do
  @moduledoc """
  The behaviour of a storage backend.

  Each callback takes the configured options last. A backend should return
  errors rather than raise: an exception is logged and counts as a failure.

      config :phoenix_replay,
        storage: PhoenixReplay.Storage.File,
        storage_opts: [path: "priv/replay_recordings", format: :etf]
  """

  alias PhoenixReplay.Recording

  @typedoc """
  What a list needs of a recording; `duration_ms` is the offset of its last
  event, 0 without events.
  """
  @type summary :: %{
          id: binary(),
          view: module() | String.t() | nil,
          url: String.t() | nil,
          connected_at: integer(),
          event_count: non_neg_integer(),
          duration_ms: non_neg_integer(),
          active?: boolean()
        }

  @doc "Prepares the backend; called once when the application starts."
  @callback init(opts :: keyword()) :: :ok | {:error, term()}

  @doc "Persists a finalized recording, replacing an earlier one with its id."
  @callback save(Recording.t(), opts :: keyword()) :: :ok | {:error, term()}

  @doc "Reads one recording."
  @callback get(id :: binary(), opts :: keyword()) :: {:ok, Recording.t()} | :error

  @doc "Reads all recordings, newest `connected_at` first."
  @callback list(opts :: keyword()) :: [Recording.t()]

  @doc "Summarizes all recordings, newest `connected_at` first."
  @callback list_summaries(opts :: keyword()) :: [summary()]

  @doc "Deletes a recording; an unknown id is not an error."
  @callback delete(id :: binary(), opts :: keyword()) :: :ok | {:error, term()}

  @doc "Deletes all recordings."
  @callback clear(opts :: keyword()) :: :ok

  @optional_callbacks list_summaries: 1

  @doc "The configured backend."
  @spec backend() :: module()
  def backend, do: Application.get_env(:phoenix_replay, :storage, PhoenixReplay.Storage.File)

  @doc "The options every callback of the backend gets."
  @spec storage_opts() :: keyword()
  def storage_opts, do: Application.get_env(:phoenix_replay, :storage_opts, [])
end
