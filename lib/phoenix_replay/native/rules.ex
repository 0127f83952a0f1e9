defmodule PhoenixReplay.Native.Rules do
  @moduledoc false
  # Whether the encoder may do what the host's default sanitizer does, while it
  # encodes (`native/nif/src/changes/rules.rs`): only for the release of the host
  # that its rules were taken from, and only if the sanitizer that is there treats
  # a sample of everything as they do. In any other case the sanitizer is called.

  alias PhoenixReplay.Native.Nif

  # Found at run time, as for the recorder.
  @sanitizer PhoenixReplay.Sanitizer
  @release ~c"0.2.0"

  defmodule Schema do
    @moduledoc false
    # What makes a struct a schema's is this function.
    defstruct [:__meta__, :name, :password, :tags]
    def __schema__(_about), do: nil
  end

  @doc "The host's default sanitizer, if the rules are known to be its rules, else nil."
  @spec sanitizer() :: module() | nil
  def sanitizer do
    if Code.ensure_loaded?(@sanitizer) and known?(@sanitizer.module_info(:md5)), do: @sanitizer
  end

  # Once they are, that is not looked at again, unless it is loaded anew.
  defp known?(version) do
    :persistent_term.get(__MODULE__, nil) == version or
      (Application.spec(:phoenix_replay, :vsn) == @release and agree?(sample()) and
         :persistent_term.put(__MODULE__, version) == :ok)
  end

  @doc "Whether rules and sanitizer leave the same of these assigns."
  @spec agree?(map()) :: boolean()
  def agree?(assigns) do
    # One that is gone is nil.
    changed = for key <- [:gone | Map.keys(assigns)], into: %{}, do: {key, true}
    delta = @sanitizer.sanitize_delta(changed, assigns)
    modules = [{Schema, true}, {URI, false}]

    with true <- Map.delete(delta, :gone) === @sanitizer.sanitize_assigns(assigns),
         {:ok, event} <- Nif.codec_sanitize(changed, assigns, modules) do
      Nif.codec_decode(event) === {:ok, {0, :assigns, %{delta: delta}}}
    else
      _ -> false
    end
  rescue
    _other_shape -> false
  end

  @doc "Assigns with everything that the rules are about."
  @spec sample() :: map()
  def sample do
    # What is not loaded exports nothing.
    Code.ensure_loaded(Schema)

    secrets =
      ~w(password current_password password_confirmation token user_token secret csrf_token
         _csrf_token)

    keys = secrets ++ Enum.map(secrets, &String.upcase/1) ++ ["to\u212Aen", "passwords", "tokens"]
    atoms = ~w(password current_password password_confirmation token user_token secret)a

    fields =
      for key <- keys ++ atoms ++ [:csrf_token, :_csrf_token, 1, nil], into: %{}, do: {key, 1}

    internal = ~w(__changed__ flash uploads streams _replay_id _replay_t0)a
    schema = %Schema{__meta__: 1, name: "a", password: "b", tags: [fields]}

    changeset = %{
      __struct__: Ecto.Changeset,
      action: fields,
      changes: fields,
      data: schema,
      params: fields,
      prepare: [1],
      repo: 1,
      repo_opts: [1],
      types: fields,
      validations: [1]
    }

    form = %{
      __struct__: Phoenix.HTML.Form,
      data: schema,
      errors: [fields],
      options: [1],
      params: fields,
      source: changeset
    }

    inner =
      Map.merge(fields, %{
        :list => [fields, [fields], ~c"text", []],
        :tuple => {fields, [fields]},
        :schemas => [schema, %{one: schema}],
        :struct => %URI{query: fields, host: "a"},
        :form => form,
        :bare => %{form | source: fields, data: fields},
        :changeset => changeset,
        "large" => for(n <- 1..40, into: fields, do: {n, n})
      })

    all = for key <- internal, into: inner, do: {key, fields}
    Map.put(all, :inner, all)
  end
end
