defmodule Bench.Unlisted do
  @moduledoc """
  The pure-Elixir backend without its lists.

  After each recording it has saved, the host lists all stored ones to see
  whether some are too old. With many stored that is most of its work, so a
  figure about something else leaves it out, in favour of the host.

  What is saved it tells the process registered under its name, if there is one.
  """

  @behaviour PhoenixReplay.Storage

  alias PhoenixReplay.Storage

  @impl true
  defdelegate init(opts), to: Storage.File
  @impl true
  defdelegate get(id, opts), to: Storage.File
  @impl true
  defdelegate delete(id, opts), to: Storage.File
  @impl true
  defdelegate clear(opts), to: Storage.File

  @impl true
  def save(recording, opts) do
    result = Storage.File.save(recording, opts)
    if watcher = Process.whereis(__MODULE__), do: send(watcher, {:saved, recording.id})
    result
  end

  @impl true
  def list(_opts), do: []

  @impl true
  def list_summaries(_opts), do: []
end
