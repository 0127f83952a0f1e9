defmodule PhoenixReplay.SanitizerTest do
  use PhoenixReplay.Case, async: true

  alias PhoenixReplay.Sanitizer

  test "assigns of LiveView and of the recorder are dropped" do
    assigns = %{
      __changed__: %{},
      flash: %{},
      uploads: %{},
      streams: %{},
      _replay_id: "a",
      _replay_t0: 0,
      count: 1
    }

    assert Sanitizer.sanitize_assigns(assigns) == %{count: 1}
  end

  test "sensitive keys are dropped from maps at any depth" do
    assert Sanitizer.sanitize_assigns(%{
             password: "x",
             user: %{
               "Password_Confirmation" => "x",
               name: "Ada",
               list: [%{token: "x", a: 1}, {%{"_csrf_token" => "x"}, 2}]
             }
           }) == %{user: %{name: "Ada", list: [%{a: 1}, {%{}, 2}]}}
  end

  test "each sensitive key is known as atom and string, in any case" do
    keys =
      ~w(password current_password password_confirmation token user_token secret csrf_token _csrf_token)

    for key <- keys, form <- [key, String.upcase(key), String.to_atom(key)] do
      assert Sanitizer.sanitize_params(%{form => "x", "tokens" => 1}) == %{"tokens" => 1}
    end
  end

  test "what holds no maps stays as it is" do
    values = %{
      at: ~U[2026-01-02 03:04:05Z],
      set: MapSet.new(["password"]),
      range: 1..3,
      improper: [1 | 2],
      pid: self(),
      text: "password"
    }

    assert Sanitizer.sanitize_assigns(values) == values
    assert Sanitizer.sanitize_params(:not_mounted_at_router) == :not_mounted_at_router
  end

  test "a delta is what changed, sanitized" do
    assigns = %{count: 2, name: "Ada", token: "x", flash: %{}, __changed__: %{}}
    changed = %{count: true, token: true, flash: true, gone: true}
    assert Sanitizer.sanitize_delta(changed, assigns) == %{count: 2}
  end

  test "a form keeps its shape and loses its secrets" do
    form = %{
      __struct__: Phoenix.HTML.Form,
      id: "user",
      name: "user",
      errors: [],
      params: %{"email" => "a@b.c", "password" => "x"},
      source: %{"email" => "a@b.c", "password" => "x"}
    }

    assert Sanitizer.sanitize_assigns(%{form: form}).form == %{
             form
             | params: %{"email" => "a@b.c"},
               source: %{"email" => "a@b.c"}
           }
  end

  test "a changeset is reduced to what a form shows" do
    changeset = %{
      __struct__: Ecto.Changeset,
      action: :insert,
      changes: %{name: "Ada", password: "x"},
      data: %{name: nil},
      errors: [name: {"is invalid", []}],
      params: %{"name" => "Ada"},
      required: [:name],
      valid?: false,
      prepare: [fn changeset -> changeset end],
      repo: SomeRepo,
      types: %{name: :string}
    }

    assert Sanitizer.sanitize_assigns(%{changeset: changeset}).changeset == %{
             __struct__: Ecto.Changeset,
             action: :insert,
             changes: %{name: "Ada"},
             data: %{name: nil},
             errors: [name: {"is invalid", []}],
             params: %{"name" => "Ada"},
             required: [:name],
             valid?: false
           }
  end

  test "a schema loses its metadata, what is not loaded, and its secrets" do
    user = %{
      __struct__: SomeApp.User,
      __meta__: %{__struct__: Ecto.Schema.Metadata, state: :loaded},
      id: 1,
      password: "x",
      posts: %{__struct__: Ecto.Association.NotLoaded}
    }

    assert Sanitizer.sanitize_assigns(%{user: user}).user == %{__struct__: SomeApp.User, id: 1}
  end

  test "the sanitizer is this one unless another is configured" do
    assert Sanitizer.sanitizer() == Sanitizer
  end
end
