defmodule PhoenixReplay.Native.CLI.Known do
  @moduledoc false
  # What only the bucket has is not in the index on the disk: a process that has just opened a
  # directory learns of it in the background. Who is asked for all of it waits for that.

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.{Error, Options}

  @look_ms 20
  @tell_ms 1_000

  @doc """
  Waits until what is in the bucket of a directory is known; at once where there is no bucket.

  It gives up when nothing more has become known for as long as `:drain_timeout_ms`, with a sentence
  that says why.
  """
  @spec wait(keyword()) :: :ok | {:unknown, String.t()} | {:error, Error.reason()}
  def wait(opts) do
    case Options.new(opts) do
      {:ok, %{remote: nil}} -> :ok
      {:ok, %{drain_timeout_ms: patience_ms}} -> wait(opts, patience_ms, {0, now()}, now())
      {:error, reason} -> {:error, reason}
    end
  end

  # `seen` is how much was known, and since when; `told_at` when somebody was told of it.
  defp wait(opts, patience_ms, {objects, since} = seen, told_at) do
    case Native.stats(opts) do
      {:ok, %{remote: %{complete: true} = remote}} ->
        stale(remote)

      # Somebody had it open without.
      {:ok, %{remote: nil}} ->
        :ok

      {:ok, %{remote: %{objects: more}}} when more > objects ->
        wait(opts, patience_ms, {more, now()}, tell(told_at, more))

      {:ok, %{remote: remote}} ->
        if now() - since >= patience_ms do
          {:unknown, "not all that is in the bucket is known: " <> why(remote, patience_ms)}
        else
          Process.sleep(@look_ms)
          wait(opts, patience_ms, seen, tell(told_at, objects))
        end

      {:error, reason} ->
        {:error, reason}
    end
  end

  # Known is what was there when it was last looked.
  defp stale(%{away: nil}), do: :ok

  defp stale(%{away: {fault, ms}}) do
    IO.puts(
      :stderr,
      "for #{div(ms, 1000)} s not all of the bucket can be used: " <>
        "#{Error.format({:remote, fault})}. What others put there since may be missing"
    )
  end

  defp why(%{away: {fault, _ms}}, _patience_ms), do: Error.format({:remote, fault})

  defp why(%{away: nil}, patience_ms),
    do: "nothing more came for #{patience_ms} ms; allow more with :drain_timeout_ms"

  # On standard error, where it is in nobody's way. Not more often than people read.
  defp tell(told_at, objects) do
    if now() - told_at >= @tell_ms do
      IO.puts(:stderr, "waiting for the bucket, which has #{objects} or more")
      now()
    else
      told_at
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
