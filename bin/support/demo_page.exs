defmodule Demo.Page do
  # The command that needs no application, and the page that it makes of a session.

  alias PhoenixReplay.Storage.Native

  @replay Path.expand("../../target/release/replay", __DIR__)

  def write(opts, directory) do
    session = opts |> Native.list_summaries() |> Enum.max_by(& &1.event_count)
    page = Path.join(directory, "session.html")
    # An id may begin as an option does.
    arguments = ["--dir", opts[:path], "show", "--html", page, "--", session.id]
    {_, 0} = System.cmd(@replay, arguments, stderr_to_stdout: true)

    IO.puts("""
    replay show --html FILE -- #{session.id}
      #{session.event_count} events, #{div(File.stat!(page).size, 1024)} KiB with all that the page needs, no network.
    Open in a browser: file://#{page}\
    """)
  end
end
