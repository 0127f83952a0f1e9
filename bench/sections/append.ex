defmodule Bench.Sections.Append do
  @moduledoc """
  `append_event/2` in the process of a session: the median of batches, and the
  99th percentile of single calls, of one process and of two at once. The
  events are made before and the sessions end after they are timed.
  """

  @behaviour Bench.Section

  alias Bench.{Appender, Check, Child, Limits, Peer, Run, Traffic, Workspace}

  # Sessions and events in a sample: what is appended is also saved, and takes
  # place on the disk.
  @amounts [
    tiny: {10, 1_000},
    typical: {10, 400},
    large: {3, 100},
    blob_64k: {1, 100},
    blob_again: {3, 100},
    table_edit: {3, 100}
  ]

  @impl true
  def run(run) do
    children =
      for side <- [:native, :baseline] do
        child = Child.start()
        path = Workspace.directory(run, "append")
        Child.call(child, Appender, :prepare, [side, path, Keyword.keys(@amounts)])
        {side, child}
      end

    for {kind, _} <- @amounts, processes <- [1, 2], measure <- [:mean, :p99] do
      suffix = if measure == :p99, do: "_p99", else: ""

      Run.compare(run, "#{kind}/#{processes}proc#{suffix}", "µs",
        native: sampler(children, :native, kind, processes, measure),
        baseline: sampler(children, :baseline, kind, processes, measure),
        rounds: Run.pick(run, 9, 3)
      )
    end

    limits(run, children)
    peers(run, children)
    for {_side, child} <- children, do: Child.kill(child)
  end

  defp sampler(children, side, kind, processes, measure) do
    {sessions, appends} = @amounts[kind]
    opts = %{processes: processes, sessions: sessions, appends: appends, measure: measure}
    {:sampler, fn -> Child.call(children[side], Appender, :sample, [side, kind, opts]) end}
  end

  defp limits(run, children) do
    [event | _] = Appender.events(:typical)
    {_, _, %{params: %{"bytes" => blob}}} = hd(Appender.events(:blob_64k))

    for {kind, name, limit} <- [
          {:typical, :ets_insert, Limits.ets_insert(event)},
          {:typical, :nif_call, Limits.nif_call(run)},
          {:typical, :memcpy, Limits.memcpy(:erlang.term_to_binary(event))},
          {:blob_64k, :memcpy, Limits.memcpy(blob)}
        ] do
      Run.compare(run, "#{kind}/limit/#{name}", "µs",
        native: sampler(children, :native, kind, 1, :mean),
        baseline: limit
      )
    end
  end

  # What an event costs that is not only in memory. SQLite has handed it to the
  # kernel when it returns, as we have; the others collect first.
  defp peers(run, children) do
    events = Appender.events(:typical)

    Peer.each(run, [:dets, :disk_log, :sqlite], fn name, peer, state ->
      checked = Traffic.id({:append, :checked})

      for {event, number} <- Enum.with_index(events),
          do: :ok = peer.append(state, checked, number, event)

      Check.equal!(peer.events(state, checked), events, "events in #{name}")
      id = Traffic.id({:append, name})
      counter = :counters.new(1, [])
      next = Bench.Backends.cycle(events)

      append = fn ->
        :counters.add(counter, 1, 1)
        :ok = peer.append(state, id, :counters.get(counter, 1), next.())
      end

      Run.compare(run, "typical/1proc/#{name}", "µs",
        native: sampler(children, :native, :typical, 1, :mean),
        baseline: append,
        max_calls: 2_000
      )
    end)
  end
end
