defmodule TasksWeb.Replay do
  @moduledoc "What recordings are to know of this application."

  @doc """
  Whose session it is. An application that has users would answer
  `socket.assigns.current_user.id`; here it is who the page was opened for,
  `/?user=ada`.
  """
  def subject(_socket, %{"user" => user}, _session) when user != "", do: user
  def subject(_socket, _params, _session), do: nil
end
