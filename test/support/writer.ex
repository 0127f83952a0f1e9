defmodule PhoenixReplay.Native.Test.Writer do
  @moduledoc false
  # One of several that save, list, read and delete in a directory at once.

  import PhoenixReplay.Native.Test.Recordings, only: [recording: 1]

  alias PhoenixReplay.Storage.Native

  @recordings 60

  @doc "Does so, and fails if what it did itself is not what it sees."
  def run(name, opts) do
    for n <- 1..@recordings do
      id = "#{name}-#{n}"
      :ok = Native.save(recording(id: id, connected_at: n), opts)
      unless kept?(n), do: :ok = Native.delete(id, opts)
      [newest | _] = listed = Native.list_summaries(opts)
      true = Enum.any?(listed, &(&1.id == id)) == kept?(n)

      # Somebody else may have deleted it meanwhile.
      case Native.get(newest.id, opts) do
        {:ok, recording} -> true = recording.id == newest.id
        :error -> false = String.starts_with?(newest.id, name)
      end
    end

    :ok
  end

  @doc "The ids that are left in the end."
  def ids(name), do: for(n <- 1..@recordings, kept?(n), do: "#{name}-#{n}")

  defp kept?(n), do: rem(n, 3) != 0
end
