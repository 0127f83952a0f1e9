defmodule Bench.Child do
  @moduledoc """
  A VM of its own, for what a process as a whole takes: memory and CPU time,
  and what is left when it is killed. It has the code of this one.
  """

  @enforce_keys [:peer, :os_pid]
  defstruct @enforce_keys

  @type t :: %__MODULE__{peer: pid(), os_pid: String.t()}

  # A scheduler without work looks for some for a while before it sleeps. That
  # is fast, and CPU time nobody has asked for.
  @quiet ~w(+sbwt none +sbwtdcpu none +sbwtdio none)

  @doc "Starts a VM; with `quiet?: true` its idle schedulers take no CPU time."
  @spec start(quiet?: boolean()) :: t()
  def start(opts \\ []) do
    flags = if opts[:quiet?], do: @quiet, else: []
    arguments = Enum.map(flags ++ code_paths(), &String.to_charlist/1)
    {:ok, peer, _node} = :peer.start_link(%{connection: :standard_io, args: arguments})
    child = %__MODULE__{peer: peer, os_pid: "#{:peer.call(peer, :os, :getpid, [])}"}
    call(child, __MODULE__, :prepare, [])
    child
  end

  @doc "Calls a function in the child, for as long as it takes."
  @spec call(t(), module(), atom(), [term()]) :: term()
  def call(child, module, function, arguments) do
    :peer.call(child.peer, module, function, arguments, :infinity)
  end

  @doc "Ends it at once, with nothing said to what runs in it."
  @spec kill(t()) :: :ok
  def kill(child) do
    monitor = Process.monitor(child.peer)
    {_, 0} = System.cmd("kill", ["-9", child.os_pid])

    receive do
      {:DOWN, ^monitor, :process, _, _} -> :ok
    end
  end

  @doc "Passes a new child to `fun`, and kills it afterwards."
  @spec with_new([quiet?: boolean()], (t() -> result)) :: result when result: term()
  def with_new(opts \\ [], fun) do
    child = start(opts)
    result = fun.(child)
    kill(child)
    result
  end

  @doc false
  # In the child: its standard output is how it is talked to, so the log goes
  # elsewhere, each version of Logger in its own way.
  def prepare do
    {:ok, _} = :application.ensure_all_started(:elixir)
    Application.put_env(:logger, :level, :warning)
    Application.put_env(:logger, :console, device: :standard_error)
    Application.put_env(:logger, :default_handler, config: [type: :standard_error])
    {:ok, _} = Application.ensure_all_started(:logger)
    PhoenixReplay.Native.Test.LongSchedule.start()
  end

  # What the runtime brings along the child has anyway.
  defp code_paths do
    runtime = List.to_string(:code.lib_dir())

    for path <- Enum.map(:code.get_path(), &List.to_string/1),
        path != "." and not String.starts_with?(path, runtime <> "/"),
        argument <- ["-pa", Path.expand(path)],
        do: argument
  end
end
