defmodule PhoenixReplay.Native.Verify do
  @moduledoc false
  # Goes through all files of a directory, some at a time, so that no call of
  # the native library takes long and the caller hears how far it is.

  alias PhoenixReplay.Native.{Error, Nif, Progress, Search}

  # As many as the native library may check in one turn.
  @batch 64

  @type result :: %{checked: non_neg_integer(), damaged: [map()], quarantined: [map()]}

  @doc "Checks every file, and with `repair` moves damaged ones out of the way."
  @spec run(Nif.directory(), boolean(), keyword()) :: {:ok, result()} | {:error, Error.reason()}
  def run(directory, repair, options) do
    with {:ok, progress} <- Progress.new(options),
         {:ok, files} <- Nif.verify_files(directory) do
      state = %{
        directory: directory,
        repair: repair,
        progress: progress,
        total: length(files),
        result: %{checked: 0, damaged: [], quarantined: []}
      }

      batches(files, state)
    end
  end

  defp batches([], %{result: result}) do
    {:ok, %{result | damaged: sorted(result.damaged), quarantined: sorted(result.quarantined)}}
  end

  defp batches(files, %{directory: directory, repair: repair} = state) do
    batch = Enum.take(files, @batch)

    with {checked, damaged, quarantined} when is_integer(checked) <-
           Nif.verify_batch(directory, batch, repair) do
      result = %{
        checked: state.result.checked + checked,
        damaged: Search.damages(damaged) ++ state.result.damaged,
        quarantined: Search.damages(quarantined) ++ state.result.quarantined
      }

      found = length(result.damaged) + length(result.quarantined)
      state.progress.(%{checked: result.checked, total: state.total, damaged: found})
      batches(Enum.drop(files, checked), %{state | result: result})
    end
  end

  defp sorted(damages), do: Enum.sort_by(damages, & &1.file)
end
