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
           }) == %{user: %{name: "Ada", list: [%{a: 1}, {%{"_csrf_token" => "x"}, 2}]}}
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
      struct: %URI{userinfo: %{password: "x"}},
      pid: self(),
      text: "password"
    }

    assert Sanitizer.sanitize_assigns(values) == values
  end

  test "what is no map, an improper list, and a struct of no module raise" do
    assert_raise FunctionClauseError, fn -> Sanitizer.sanitize_params(:not_mounted_at_router) end
    assert_raise FunctionClauseError, fn -> Sanitizer.sanitize_assigns(%{a: [1 | 2]}) end
    assert_raise Protocol.UndefinedError, fn -> Sanitizer.sanitize_params(%URI{}) end
    assert_raise ArgumentError, fn -> Sanitizer.sanitize_assigns(%{a: %{__struct__: "a"}}) end
  end

  test "keys of LiveView's are dropped from assigns only, and at the top only" do
    params = %{flash: 1, inner: %{flash: 2}}
    assert Sanitizer.sanitize_params(params) == params
    assert Sanitizer.sanitize_assigns(params) == %{inner: %{flash: 2}}
  end

  test "a delta is what changed, sanitized" do
    assigns = %{count: 2, name: "Ada", token: "x", flash: %{}, __changed__: %{}}
    changed = %{count: true, token: true, flash: true, gone: true}
    assert Sanitizer.sanitize_delta(changed, assigns) == %{count: 2, gone: nil}
  end

  test "a form loses its options, and the secrets of its source and data" do
    form = %{
      __struct__: Phoenix.HTML.Form,
      id: "user",
      params: %{"email" => "a@b.c", "password" => "x"},
      source: %{"email" => "a@b.c", "password" => "x"},
      data: %{token: "x"},
      options: [method: "post"]
    }

    assert Sanitizer.sanitize_assigns(%{form: form}).form ==
             %{form | source: %{"email" => "a@b.c"}, data: %{}, options: []}
  end

  test "a changeset loses what only runs, and the secrets of its changes and data" do
    changeset = %{
      __struct__: Ecto.Changeset,
      action: :insert,
      changes: %{name: "Ada", password: "x"},
      data: %{name: nil, password: "x"},
      errors: [name: {"is invalid", []}],
      params: %{"name" => "Ada", "password" => "x"},
      valid?: false,
      validations: [name: {:length, []}],
      prepare: [fn changeset -> changeset end],
      repo: SomeRepo,
      repo_opts: [prefix: "a"],
      types: %{name: :string}
    }

    assert Sanitizer.sanitize_assigns(%{changeset: changeset}).changeset == %{
             changeset
             | changes: %{name: "Ada"},
               data: %{name: nil},
               validations: [],
               prepare: [],
               repo: nil,
               repo_opts: [],
               types: nil
           }
  end

  defmodule User do
    defstruct [:__meta__, :id, :password, :posts]
    def __schema__(_), do: []
  end

  test "a schema becomes a map without its metadata and its secrets" do
    not_loaded = %{__struct__: Ecto.Association.NotLoaded, __field__: :posts}
    user = %User{__meta__: %{state: :loaded}, id: 1, password: "x", posts: not_loaded}
    assert Sanitizer.sanitize_assigns(%{user: user}).user == %{id: 1, posts: not_loaded}
  end
end
