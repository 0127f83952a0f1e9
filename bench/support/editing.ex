defmodule Bench.Editing do
  @moduledoc """
  What views assign while they are used, one step after the other, as LiveView has
  it: each step is made from the one before, and what it does not touch is the
  same term.

    * `:counter`: a number that grows
    * `:form`: the form of a changeset, made anew at each keystroke, as `cast` and
      `to_form` make it: data, types and what was not typed stay
    * `:table`: 100 structs of a schema, of which one changes; about 37 KB
    * `:list`: a list of tasks that grows at its end
    * `:chat`: the last 20 messages, newest first, each with a text of 64 KB; one in
      four steps brings another, in the others one is marked as read

  Terms lose what they share when they are copied: a process that records steps
  has to make them.
  """

  defmodule Order do
    @moduledoc false
    # As a schema has it, so that a sanitizer takes it for one.
    defstruct ~w(__meta__ id number customer email status cents currency items note address
                 city country inserted_at updated_at)a

    def __schema__(:fields), do: []
  end

  defmodule Task do
    @moduledoc false
    defstruct ~w(__meta__ id title description priority done due_on project_id assignee_id
                 estimate position tags inserted_at updated_at)a

    def __schema__(:fields), do: []
  end

  @type profile :: :counter | :form | :table | :list | :chat

  @doc "The profiles, cheapest first."
  @spec profiles() :: [profile()]
  def profiles, do: [:counter, :form, :table, :list, :chat]

  @doc "The assigns at the start."
  @spec start(profile()) :: map()
  def start(profile), do: Map.merge(common(), first(profile))

  @doc "The assigns after step `n`, which is counted from 1."
  @spec step(profile(), map(), pos_integer()) :: map()
  def step(profile, assigns, n) do
    changes = change(profile, assigns, n)
    changed = Map.new(changes, fn {key, _} -> {key, true} end)
    assigns |> Map.merge(changes) |> Map.put(:__changed__, changed)
  end

  # What every view has.
  defp common do
    %{
      __changed__: %{},
      flash: %{},
      live_action: :index,
      page_title: "Orders",
      current_user: %{id: text(:user, 32), name: "Ada Lovelace", email: "ada@example.com"},
      locale: "en",
      count: 0
    }
  end

  defp first(:counter), do: %{}
  defp first(:form), do: %{form: form(%Task{__meta__: %{state: :built}, priority: "medium"}, 0)}
  defp first(:table), do: %{orders: for(n <- 1..100, do: order(n)), filter: "all"}
  defp first(:list), do: %{tasks: for(n <- 1..3, do: task(n))}
  defp first(:chat), do: %{messages: for(n <- 20..1//-1, do: message(-n))}

  defp change(:counter, assigns, _n), do: %{count: assigns.count + 1}
  defp change(:form, assigns, n), do: %{form: form(assigns.form.data, n)}

  defp change(:table, assigns, n) do
    at = rem(n * 37, 100)
    edited = &%{&1 | status: status(n), cents: &1.cents + n, updated_at: time(n)}
    %{orders: List.update_at(assigns.orders, at, edited)}
  end

  # Beyond some length it starts again.
  defp change(:list, %{tasks: tasks}, n) when length(tasks) > 100, do: %{tasks: [task(n)]}
  defp change(:list, assigns, n), do: %{tasks: assigns.tasks ++ [task(n)]}

  defp change(:chat, assigns, n) when rem(n, 4) == 0,
    do: %{messages: [message(n) | Enum.take(assigns.messages, 19)]}

  defp change(:chat, assigns, n),
    do: %{messages: List.update_at(assigns.messages, rem(n, 20), &%{&1 | read: n})}

  defp order(n) do
    %Order{
      __meta__: %{state: :loaded, source: "orders", schema: Order, prefix: nil, context: nil},
      id: text({:order, n}, 32),
      number: 10_000 + n,
      customer: text({:customer, n}, 18),
      email: text({:email, n}, 10) <> "@example.com",
      status: status(n),
      cents: n * 1_999,
      currency: "EUR",
      items: for(i <- 1..2, do: %{sku: text({n, i}, 12), quantity: i}),
      note: text({:note, n}, 40),
      address: text({:address, n}, 24),
      city: text({:city, n}, 10),
      country: "Iceland",
      inserted_at: time(n),
      updated_at: time(n)
    }
  end

  defp task(n) do
    %Task{
      __meta__: %{state: :loaded, source: "tasks", schema: Task, prefix: nil, context: nil},
      id: n,
      title: text({:title, n}, 24),
      description: text({:description, n}, 60),
      priority: "medium",
      done: false,
      due_on: Date.add(~D[2026-11-01], n)
    }
  end

  defp message(n) do
    %{
      id: n,
      from: text({:from, rem(n, 5)}, 12),
      at: time(n),
      read: nil,
      body: text({:body, n}, 65_536)
    }
  end

  defp status(n), do: Enum.at([:open, :paid, :shipped, :returned], rem(n, 4))
  defp time(n), do: DateTime.add(~U[2026-11-18 09:00:00.123456Z], n * 61, :second)

  @types %{
    id: :id,
    title: :string,
    description: :string,
    priority: {:parameterized, {Ecto.Enum, %{values: [:low, :medium, :high]}}},
    done: :boolean,
    due_on: :date
  }

  # As `cast/3`, some validations and `to_form/1` leave it.
  defp form(data, stroke) do
    typed = binary_part(text(:typed, 200), 0, rem(stroke, 200))
    params = fresh(%{"title" => typed, "description" => "", "priority" => "medium"})

    errors =
      if byte_size(typed) < 3, do: [title: {"is too short", [count: 3, kind: :min]}], else: []

    changeset = %{
      __struct__: Ecto.Changeset,
      action: :validate,
      changes: if(typed == "", do: %{}, else: %{title: params["title"]}),
      constraints: [],
      data: data,
      empty_values: [&String.trim_leading/1],
      errors: errors,
      filters: %{},
      params: params,
      prepare: [],
      repo: nil,
      repo_opts: [],
      required: [:title, :priority],
      types: @types,
      valid?: errors == [],
      validations: [title: {:length, [min: 3, max: 80]}, priority: {:inclusion, ["medium"]}]
    }

    %{
      __struct__: Phoenix.HTML.Form,
      action: :validate,
      data: data,
      errors: errors,
      hidden: [],
      id: "task",
      impl: Phoenix.HTML.FormData.Ecto.Changeset,
      index: nil,
      name: "task",
      options: [method: "post", multipart: false],
      params: params,
      source: changeset
    }
  end

  # What comes from a browser shares nothing with what came before.
  defp fresh(term), do: term |> :erlang.term_to_binary() |> :erlang.binary_to_term()

  defp text(name, bytes) do
    digest = :erlang.md5(:erlang.term_to_binary(name, minor_version: 2))
    seed = Base.encode16(digest, case: :lower)
    seed |> String.duplicate(div(bytes, 32) + 1) |> binary_part(0, bytes) |> :binary.copy()
  end
end
