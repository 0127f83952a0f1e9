defmodule PhoenixReplay.Authorization do
  @moduledoc false

  # `:authorize` of the application environment says what may be seen. It gets a
  # recording or a summary; without it everything may.

  alias PhoenixReplay.{Recording, Storage}

  @spec one(Recording.t()) :: {:ok, Recording.t()} | :error
  def one(recording), do: if(function().(recording), do: {:ok, recording}, else: :error)

  @spec filter([visible]) :: [visible] when visible: Recording.t() | Storage.summary()
  def filter(recordings), do: Enum.filter(recordings, function())

  defp function do
    Application.get_env(:phoenix_replay, :authorize, fn _recording_or_summary -> true end)
  end
end
