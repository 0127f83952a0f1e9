defmodule PhoenixReplay.Native.Fault do
  @moduledoc false
  # What goes wrong in an application's own functions goes wrong for the
  # recording alone, and is told once per process. Messages of exceptions, and
  # arguments, may hold what must not be in a log.

  alias PhoenixReplay.Native.Messages

  @doc "Calls `fun`; where that fails, the line `what` is said in the log, and `otherwise` the result."
  @spec guard(atom(), otherwise, (() -> result)) :: result | otherwise
        when result: var, otherwise: var
  def guard(what, otherwise, fun) do
    fun.()
  catch
    kind, reason ->
      tell(what, "#{name(kind, reason, __STACKTRACE__)}#{at(__STACKTRACE__)}")
      otherwise
  end

  @doc "Says in the log what went wrong and why, `what` once per process."
  @spec tell(atom(), String.t()) :: :ok
  def tell(what, why) do
    if Process.put({__MODULE__, what}, true) == nil,
      do: Messages.log(what, %{why: why}),
      else: :ok
  end

  defp name(:error, reason, stacktrace),
    do: inspect(Exception.normalize(:error, reason, stacktrace).__struct__)

  defp name(kind, _reason, _stacktrace), do: kind

  defp at([{module, function, arity, _location} | _rest]) do
    arity = if is_list(arity), do: length(arity), else: arity
    " in " <> Exception.format_mfa(module, function, arity)
  end

  defp at(_none), do: ""
end
