defmodule PhoenixReplay.Native.Test.Gate do
  @moduledoc false
  # Passes connections on to a port of this machine, as long as it is open. Shut, it cuts those that
  # there are, and drops those that come.

  use GenServer

  def start_link(to), do: GenServer.start_link(__MODULE__, to)

  @doc "The port that it listens on."
  def port(gate), do: GenServer.call(gate, :port)

  def shut(gate), do: GenServer.call(gate, :shut)
  def open(gate), do: GenServer.call(gate, :open)

  @impl true
  def init(to) do
    Process.flag(:trap_exit, true)

    {:ok, listener} =
      :gen_tcp.listen(0, [:binary, active: false, ip: {127, 0, 0, 1}, backlog: 64])

    gate = self()
    spawn_link(fn -> accept(listener, gate) end)
    {:ok, %{listener: listener, to: to, open?: true, sockets: []}}
  end

  defp accept(listener, gate) do
    with {:ok, socket} <- :gen_tcp.accept(listener) do
      :ok = :gen_tcp.controlling_process(socket, gate)
      send(gate, {:accepted, socket})
      accept(listener, gate)
    end
  end

  @impl true
  def handle_call(:port, _from, state) do
    {:ok, port} = :inet.port(state.listener)
    {:reply, port, state}
  end

  def handle_call(:shut, _from, state) do
    Enum.each(state.sockets, &:gen_tcp.close/1)
    {:reply, :ok, %{state | open?: false, sockets: []}}
  end

  def handle_call(:open, _from, state), do: {:reply, :ok, %{state | open?: true}}

  @impl true
  def handle_info({:accepted, socket}, %{open?: true} = state) do
    {:ok, beyond} = :gen_tcp.connect({127, 0, 0, 1}, state.to, [:binary, active: false])
    for {from, to} <- [{socket, beyond}, {beyond, socket}], do: spawn(fn -> pass_on(from, to) end)
    {:noreply, %{state | sockets: [socket, beyond | state.sockets]}}
  end

  def handle_info({:accepted, socket}, state) do
    :gen_tcp.close(socket)
    {:noreply, state}
  end

  def handle_info(_exit, state), do: {:noreply, state}

  defp pass_on(from, to) do
    with {:ok, data} <- :gen_tcp.recv(from, 0),
         :ok <- :gen_tcp.send(to, data) do
      pass_on(from, to)
    else
      _over -> for socket <- [from, to], do: :gen_tcp.close(socket)
    end
  end
end
