defmodule Bench.Sections.RemoteGet do
  @moduledoc """
  `get` of a recording that only the bucket has, against a plain GET of the same object on a
  connection that is kept, by a small client in Elixir in the same VM; which of the two comes first
  changes. And against a `get` of the same recording when it is here. What is more than both together
  is what asking the bucket for it costs besides the request itself.
  """

  @behaviour Bench.Section

  alias Bench.{Bucket, Check, Child, Remote, Run, S3, Traffic, Workspace}
  alias PhoenixReplay.Storage

  # Recordings of each.
  @amounts [tiny: 200, typical: 200, large: 30]

  @impl true
  def run(run), do: Bucket.with_new(run, &run(run, &1))

  defp run(run, bucket) do
    prefix = Bucket.prefix()
    amounts = for {kind, count} <- @amounts, do: {kind, Run.pick(run, count, div(count, 5))}

    Child.with_new(fn child ->
      opts = Bucket.node(bucket, prefix, "first")
      Child.call(child, __MODULE__, :fill, [Workspace.directory(run, "first"), opts, amounts])
    end)

    keys = S3.recordings(S3.connect(bucket), prefix)

    Child.with_new(fn child ->
      opts = Bucket.node(bucket, prefix, "reading")
      :ok = Child.call(child, Remote, :open, [Workspace.directory(run, "reading"), opts])

      for {kind, count} <- amounts do
        samples = Child.call(child, __MODULE__, :samples, [bucket, keys, kind, count])
        report(run, bucket, kind, samples)
      end
    end)
  end

  defp report(run, bucket, kind, samples) do
    [get, plain, local] = for at <- 0..2, do: Enum.map(samples, &(elem(&1, at) / 1.0e6))
    over = for {get, plain, _local} <- samples, do: (get - plain) / 1.0e6
    rest = for {get, plain, local} <- samples, do: (get - plain - local) / 1.0e6
    Run.report(run, "#{kind}/limit/plain_get/#{bucket.server}", "ms", get, plain)
    Run.report(run, "#{kind}/here/#{bucket.server}", "ms", get, local)
    Remote.goal(run, "#{kind}/over_plain_get/#{bucket.server}", "ms", over, 1)
    note = "what is left without a `get` of what is here"
    Remote.goal(run, "#{kind}/over_both/#{bucket.server}", "ms", rest, 1, note)
  end

  @doc false
  # In the child.
  def fill(path, opts, amounts) do
    :ok = Remote.open(path, opts)

    for {kind, count} <- amounts, number <- 1..count do
      :ok = Storage.Native.save(recording(kind, number), Storage.storage_opts())
    end

    Remote.await_uploaded()
  end

  defp recording(kind, number),
    do: Traffic.renew(Traffic.session(kind, rem(number, 4)), {kind, number}, number)

  @doc false
  # In the child: of each recording, the times of all three, in ns.
  def samples(bucket, keys, kind, count) do
    Remote.await_complete()
    s3 = S3.connect(bucket)

    for number <- 1..count do
      recording = recording(kind, number)
      key = Map.fetch!(keys, recording.id <> ".etf.gz")
      get = {&Storage.Native.get(&1, Storage.storage_opts()), recording.id, {:ok, recording}}
      plain = {&byte_size(S3.get(s3, &1)), key, nil}

      {there, plain} =
        if rem(number, 2) == 0 do
          there = time(get)
          {there, time(plain)}
        else
          plain = time(plain)
          {time(get), plain}
        end

      {there, plain, time(get)}
    end
  end

  # In a process of its own, whose heap is small, as that of a request.
  defp time({fun, argument, expected}) do
    Task.async(fn ->
      started = Remote.now()
      result = fun.(argument)
      elapsed = Remote.now() - started
      if expected, do: Check.equal!(result, expected, "what was read")
      elapsed
    end)
    |> Task.await(:infinity)
  end
end
