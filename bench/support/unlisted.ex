defmodule Bench.Unlisted do
  @moduledoc """
  The pure-Elixir backend without its lists.

  After each recording it has saved, the host lists all stored ones to see
  whether some are too old. With many stored that is most of its work, so a
  figure about something else leaves it out, in favour of the host.
  """

  @behaviour PhoenixReplay.Storage

  alias PhoenixReplay.Storage

  @impl true
  defdelegate init(opts), to: Storage.File
  @impl true
  defdelegate save(recording, opts), to: Storage.File
  @impl true
  defdelegate get(id, opts), to: Storage.File
  @impl true
  defdelegate delete(id, opts), to: Storage.File
  @impl true
  defdelegate clear(opts), to: Storage.File

  @impl true
  def list(_opts), do: []

  @impl true
  def list_summaries(_opts), do: []
end
