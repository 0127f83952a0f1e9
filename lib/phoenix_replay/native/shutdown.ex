defmodule PhoenixReplay.Native.Shutdown do
  @moduledoc false
  # Before the system goes down, everything that was recorded goes to disk.

  alias PhoenixReplay.Native.{Awaited, Directories, Messages, Nif, Options, Telemetry}
  alias PhoenixReplay.Storage

  @poll_ms 20

  @doc """
  Waits until the host has handed over what it holds and the queue of the
  engine is empty, in each directory that is open, saves what running sessions
  have recorded so far, and waits until it is in the bucket if there is one: at
  most `:drain_timeout_ms`.
  """
  @spec run() :: :ok
  def run do
    configured = configured()
    deadline = now() + configured.drain_timeout_ms
    start = System.monotonic_time(:microsecond)

    with open when is_list(open) <- Nif.directories_open() do
      open = for {directory, path} <- open, do: {directory, path, Nif.store_count(directory)}
      if configured.path, do: wait_for_host(deadline)

      # All is on the disk before anybody waits for a bucket, which may be away.
      drained =
        for {directory, path, before} <- open,
            is_integer(before),
            %{} = outcome <- [drain(directory, before, deadline)],
            do: {directory, path, outcome}

      for {:ok, {path, %{} = outcome}} <- upload_each(drained, deadline) do
        duration_us = System.monotonic_time(:microsecond) - start
        tell(outcome, path, path == configured.path, duration_us)
      end
    end

    :ok
  end

  # Where settings are wrong, what is open is drained all the same.
  defp configured do
    with Storage.Native <- Storage.backend(),
         {:ok, options} <- Options.new(Storage.storage_opts()) do
      # What the host hands over may be the first that it needs the directory for.
      _ = Directories.fetch(Storage.storage_opts())
      options
    else
      _other ->
        {:ok, defaults} = Options.new(path: ".")
        %{defaults | path: nil}
    end
  end

  defp drain(directory, before, deadline) do
    with left when is_integer(left) <- Nif.store_drain(directory, remaining(deadline)),
         running when is_integer(running) <- Nif.store_checkpoint(directory, remaining(deadline)),
         now when is_integer(now) <- Nif.store_count(directory),
         do: %{saved: max(now - before, 0), left: left + running}
  end

  # At once: none waits for the bucket of another.
  defp upload_each(drained, deadline) do
    options = [ordered: false, timeout: :infinity, max_concurrency: max(length(drained), 1)]
    Task.async_stream(drained, &upload(&1, deadline), options)
  end

  defp upload({directory, path, outcome}, deadline) do
    upload = fn -> Nif.store_upload(directory, remaining(deadline)) end

    with pending when is_integer(pending) <- Awaited.answer(upload),
         do: {path, Map.put(outcome, :pending_uploads, pending)}
  end

  defp tell(%{saved: 0, left: 0, pending_uploads: 0}, _path, false, _duration_us), do: :ok

  defp tell(%{saved: saved, left: left} = outcome, path, _configured?, duration_us) do
    Messages.log(:drained, %{saved: saved, path: path})
    Telemetry.execute(:drained, Map.put(outcome, :duration_us, duration_us), %{path: path})
    if left > 0, do: Messages.log(:left, %{left: left, path: path})
    pending = outcome.pending_uploads
    if pending > 0, do: Messages.log(:not_uploaded, %{left: pending, path: path})
  end

  defp remaining(deadline), do: max(deadline - now(), 0)

  # With the host's own recorder, sessions are in its table until its
  # processes have saved them: it has no call to wait for that. A session whose
  # process lives is monitored by the store; what is in the table beyond those
  # has ended, and is being handed over, or waits for a retry.
  defp wait_for_host(deadline) do
    if now() < deadline and (ended_sessions() > 0 or busy?()) do
      Process.sleep(@poll_ms)
      wait_for_host(deadline)
    end
  end

  defp ended_sessions do
    sessions = :ets.select_count(PhoenixReplay.Store.Active, [{{{:_, -1}, :_}, [], [true]}])
    sessions - length(info(PhoenixReplay.Store, :monitors, []))
  rescue
    # The table is gone, with everything in it.
    ArgumentError -> 0
  end

  # Messages on their way between the host's processes.
  defp busy? do
    Enum.any?([PhoenixReplay.Store, PhoenixReplay.Persistence], fn name ->
      info(name, :message_queue_len, 0) > 0 or info(name, :status, :waiting) != :waiting
    end)
  end

  defp info(name, item, default) do
    with pid when is_pid(pid) <- Process.whereis(name),
         {^item, value} <- Process.info(pid, item) do
      value
    else
      _gone -> default
    end
  end

  defp now, do: System.monotonic_time(:millisecond)
end
