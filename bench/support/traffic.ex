defmodule Bench.Traffic do
  @moduledoc """
  Recorded sessions for the benchmarks and the demo, made from a seed: the same
  profile and seed give the same recording, on every machine and runtime.

    * `:tiny`: a counter being clicked; events of 60 to 90 bytes in External
      Term Format, 8 to a session
    * `:typical`: a form being typed into, every keystroke an event and the
      form's new state; 400 to 600 bytes, 400 events, about 165 KB a session
    * `:large`: a table of orders being paged through, every page with new
      rows; 14 to 17 KB, 100 events, about 1.5 MB a session
    * `small_session/1`: a short visit to one of many pages, for collections of
      a hundred thousand; 3 to 40 events of 60 to 90 bytes
    * `tasks_session/2`: a task list with a form, event for event of the shape
      of the recordings in `test/fixtures`

  gzip makes the first three about as much smaller as it makes such sessions of
  real applications: text typed letter by letter shrinks to a twentieth, pages
  of fresh rows to a quarter.

  Nothing here has a random state. Every choice is a hash of the seed and of
  what is being chosen, so one event can be made without those before it.
  """

  alias PhoenixReplay.Recording

  @type profile :: :tiny | :typical | :large

  @profiles %{tiny: 8, typical: 400, large: 100}
  @fixtures Path.expand("../../test/fixtures/phoenix_replay-0.2.0/etf", __DIR__)
  # 2026-11-18 in Unix milliseconds; sessions of neighbouring seeds are 61 s apart.
  @first_connected_at 1_795_000_000_000
  @between_sessions_ms 61_000

  @words ~w(the report for invoice order customer needs review before friday and
            should be sent again after approval by finance shipping address changed
            please check numbers with support new release plan meeting notes draft)

  @doc "The names of the profiles, smallest events first."
  @spec profiles() :: [profile()]
  def profiles, do: [:tiny, :typical, :large]

  @doc "How many events a session of the profile has."
  @spec events_per_session(profile()) :: pos_integer()
  def events_per_session(profile), do: Map.fetch!(@profiles, profile)

  @doc "A session of the profile. `:events` changes how many events it has."
  @spec session(profile(), integer(), events: pos_integer()) :: Recording.t()
  def session(profile, seed, opts \\ []) do
    count = Keyword.get(opts, :events, events_per_session(profile))
    opening = opening(profile)
    events = opening ++ rest(profile, seed, count - length(opening))
    recording(profile, seed, view(profile), events)
  end

  defp rest(profile, seed, count), do: for(i <- 1..count//1, do: event(profile, seed, i))

  @doc "The event with the number `index`, counted from 1, of such a session."
  @spec event(profile(), integer(), pos_integer()) :: Recording.event()
  def event(:tiny, seed, index) do
    value = "#{choose({seed, index}, 100)}"
    {index * 150, :event, %{name: "click", params: %{"value" => value}}}
  end

  def event(:typical, seed, index) do
    {field, typed} = typing(seed, index)
    fields = Map.put(%{"title" => "", "description" => "", "priority" => "medium"}, field, typed)
    offset = index * 90 + choose({seed, index}, 80)

    if rem(index, 2) == 1 do
      {offset, :event, %{name: "validate", params: typical_params(seed, field, fields)}}
    else
      {offset, :assigns, %{delta: %{form: typical_form(fields, typed), count: index}}}
    end
  end

  def event(:large, seed, index) do
    orders = for row <- 1..46, do: order({seed, index, row})
    {index * 700 + choose({seed, index}, 500), :assigns, %{delta: %{orders: orders, page: index}}}
  end

  @doc """
  A task list being filled in: mount, navigation, the list itself, then for each
  letter the event and the new form, and for each finished task the longer list.
  `:events` is how many events it has, 403 unless told.
  """
  @spec tasks_session(integer(), events: pos_integer()) :: Recording.t()
  def tasks_session(seed, opts \\ []) do
    count = Keyword.get(opts, :events, 403)
    typed = Stream.flat_map(Stream.iterate(1, &(&1 + 1)), &task_step(seed, &1))
    events = seed |> tasks_opening() |> Stream.concat(typed) |> Enum.take(count)
    recording(:tasks, seed, Bench.Traffic.TaskLive, events)
  end

  # What recorders put into a recording; path and query are those of its pages.
  @url "http://localhost:4000"

  # What a short visit may lead to, and what may be done there.
  @pages ~w(Home Search Cart Checkout Orders Profile Settings Login Help Contact Reports Users
            Projects Tasks Calendar Messages Files Billing Team Audit)
  @actions ~w(click search add remove submit validate sort filter next previous open close)
  # Done in about every twentieth visit.
  @rare_action "refund"

  @doc """
  A short visit to one of 20 pages, and one below it. Different seeds differ in page, URL, number
  and names of events, and duration.
  """
  @spec small_session(integer()) :: Recording.t()
  def small_session(seed) do
    page = Enum.at(@pages, choose({seed, :page}, length(@pages)))
    path = String.downcase(page)
    clicks = 1 + choose({seed, :clicks}, 38)
    pause_ms = 100 + choose({seed, :pause}, 30_000)
    events = for index <- 1..clicks, do: small_event(seed, index, pause_ms)
    visit = {2, :handle_params, %{params: %{}, url: "#{@url}/#{path}/#{hex({seed, :url}, 8)}"}}
    events = mounted(path) ++ [visit | events]
    recording(:small, seed, Module.concat(Bench.Traffic, page <> "Live"), events)
  end

  defp small_event(seed, index, pause_ms) do
    common = Enum.at(@actions, choose({seed, index, :action}, length(@actions)))
    name = if choose({seed, index, :rare}, 400) == 0, do: @rare_action, else: common
    value = "#{choose({seed, index}, 100)}"
    {index * pause_ms, :event, %{name: name, params: %{"value" => value}}}
  end

  @doc """
  The recorded sessions of `test/fixtures`, repeated under new ids and times
  until there are `count`. Creates the atoms that they mention.
  """
  @spec fixture_sessions(pos_integer()) :: [Recording.t()]
  def fixture_sessions(count) do
    originals =
      for file <- Enum.sort(Path.wildcard(Path.join(@fixtures, "*.etf.gz"))) do
        struct(Recording, file |> File.read!() |> :zlib.gunzip() |> :erlang.binary_to_term())
      end

    originals
    |> Stream.cycle()
    |> Stream.take(count)
    |> Enum.with_index(&renew(&1, {:fixture, &2}, &2))
  end

  @doc "What a list shows of a finished recording."
  @spec summary(Recording.t()) :: map()
  def summary(recording) do
    {duration_ms, _, _} = List.last(recording.events)

    recording
    |> Map.take([:id, :view, :url, :connected_at])
    |> Map.merge(%{
      event_count: length(recording.events),
      duration_ms: duration_ms,
      active?: false
    })
  end

  @doc "The same session as another one: with an id and a time of its own."
  @spec renew(Recording.t(), term(), integer()) :: Recording.t()
  def renew(recording, name, seed) do
    %{recording | id: id(name), connected_at: connected_at(seed)}
  end

  @doc "An id as the host makes them: 22 characters of URL-safe Base64."
  @spec id(term()) :: binary()
  def id(name) do
    name |> digest() |> Base.url_encode64(padding: false)
  end

  defp recording(kind, seed, view, events) do
    %Recording{
      id: id({kind, seed}),
      view: view,
      url: @url,
      params: %{"ref" => hex({kind, seed}, 6)},
      session: %{"locale" => "en"},
      connected_at: connected_at(seed),
      events: events
    }
  end

  defp connected_at(seed), do: @first_connected_at + seed * @between_sessions_ms

  defp view(:tiny), do: Bench.Traffic.CounterLive
  defp view(:typical), do: Bench.Traffic.FormLive
  defp view(:large), do: Bench.Traffic.OrdersLive

  # A session in which nobody did anything would not be kept.
  defp opening(:large), do: mounted(:large) ++ [{2, :event, %{name: "load", params: %{}}}]
  defp opening(profile), do: mounted(profile)

  defp mounted(profile) do
    [
      {0, :mount, %{assigns: %{live_action: :index}}},
      {1, :handle_params, %{params: %{}, url: "#{@url}/#{profile}"}}
    ]
  end

  defp order(name) do
    %{
      id: hex(name, 32),
      customer: words(name, 3),
      email: "#{hex({name, :email}, 10)}@example.com",
      status: Enum.at([:open, :paid, :shipped, :returned], choose({name, :status}, 4)),
      cents: choose({name, :cents}, 1_000_000),
      items: for(n <- 1..3, do: %{sku: hex({name, n}, 12), quantity: choose({name, n, :q}, 9)}),
      note: words({name, :note}, 9)
    }
  end

  defp typical_params(seed, field, fields) do
    %{
      "_target" => ["task", field],
      "_unused_assignee" => "",
      "project_id" => hex({seed, :project}, 32),
      "meta" => %{"path" => "/projects/42/tasks/new", "locale" => "en", "tab" => "details"},
      "task" => Map.put(fields, "due_on", "2026-11-30")
    }
  end

  defp typical_form(fields, typed) do
    %{
      id: "task",
      name: "task",
      action: :validate,
      params: fields,
      source: fields,
      errors: if(byte_size(typed) < 3, do: [title: {"is too short", [count: 3]}], else: []),
      hidden: [],
      options: [method: "post"],
      index: nil,
      data: %{}
    }
  end

  # What stands in the form at keystroke `index`: a text grows to at most 129
  # letters, is done, and the next one starts in the other field.
  defp typing(seed, index) do
    stroke = div(index + 1, 2)
    text = words({seed, div(stroke, 130)}, 26)
    typed = binary_part(text, 0, min(rem(stroke, 130), byte_size(text)))
    {if(rem(div(stroke, 130), 2) == 0, do: "title", else: "description"), typed}
  end

  defp tasks_opening(seed) do
    user = %{
      id: hex({seed, :user}, 32),
      name: "Ada Lovelace",
      email: "ada@example.com",
      role: :admin,
      confirmed_at: ~U[2026-01-02 03:04:05Z],
      preferences: %{locale: "en", per_page: 25, theme: "dark"}
    }

    list = %{filter: "all", page_title: "Tasks", selected: nil, count: 0, current_user: user}

    [
      {0, :mount, %{assigns: %{current_user: user, live_action: :index}}},
      {0, :handle_params, %{params: %{}, url: "#{@url}/tasks"}},
      {1, :assigns, %{delta: Map.merge(list, %{form: form("", nil), tasks: tasks(seed, 12)})}}
    ]
  end

  @letters_per_task 24

  defp task_step(seed, step) do
    task = div(step - 1, @letters_per_task)
    letter = rem(step - 1, @letters_per_task)
    title = binary_part(words({seed, task, :title}, 12), 0, letter)
    offset = step * 140 + choose({seed, step}, 90)
    params = %{"task" => form_params(title)}

    if letter == @letters_per_task - 1 do
      delta = %{form: form("", nil), count: task + 1, tasks: tasks(seed, 12 + task + 1)}

      [
        {offset, :event, %{name: "save", params: params}},
        {offset + 3, :assigns, %{delta: delta}}
      ]
    else
      [
        {offset, :event,
         %{name: "validate", params: Map.put(params, "_target", ["task", "title"])}},
        {offset + 2, :assigns, %{delta: %{form: form(title, :validate)}}}
      ]
    end
  end

  # As the host leaves a form: the fields worth keeping, under its name.
  defp form(title, action) do
    %{
      __struct__: Phoenix.HTML.Form,
      action: action,
      data: %{},
      errors: if(action && byte_size(title) < 3, do: [title: {"is too short", []}], else: []),
      hidden: [],
      id: "task",
      impl: Phoenix.HTML.FormData.Map,
      index: nil,
      name: "task",
      options: [],
      params: form_params(title),
      source: form_params(title)
    }
  end

  defp form_params(title), do: %{"description" => "", "priority" => "medium", "title" => title}

  defp tasks(seed, count) do
    for n <- 1..count do
      at = DateTime.add(~U[2026-10-01 09:00:00Z], n * 3607, :second)

      %{
        id: "task-#{n}",
        title: if(n > 12, do: words({seed, n - 13, :title}, 4), else: "Task number #{n}"),
        description: "Something to be done about item #{n}",
        priority: "medium",
        done: false,
        due_on: Date.add(~D[2026-11-01], n),
        tags: ["home", "q#{rem(n, 4) + 1}"],
        assignee: %{id: rem(n, 5), name: Enum.at(~w(Ann Bob Cid Dee Eve), rem(n, 5))},
        inserted_at: at,
        updated_at: at
      }
    end
  end

  defp words(name, count) do
    Enum.map_join(1..count, " ", &elem(words(), choose({name, &1}, tuple_size(words()))))
  end

  @words_tuple List.to_tuple(@words)
  defp words, do: @words_tuple

  defp hex(name, digits) do
    name |> digest() |> Base.encode16(case: :lower) |> binary_part(0, digits)
  end

  # The minor version keeps the bytes the same on every runtime: before
  # OTP 26 atoms were written differently by default.
  defp digest(name), do: :erlang.md5(:erlang.term_to_binary(name, minor_version: 2))

  defp choose(name, count), do: :erlang.phash2(name, count)
end
