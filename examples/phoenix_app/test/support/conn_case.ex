defmodule TasksWeb.ConnCase do
  use ExUnit.CaseTemplate

  using do
    quote do
      @endpoint TasksWeb.Endpoint

      import Phoenix.ConnTest
      import Phoenix.LiveViewTest
      import Plug.Conn
    end
  end

  setup do
    {:ok, conn: Phoenix.ConnTest.build_conn()}
  end
end
