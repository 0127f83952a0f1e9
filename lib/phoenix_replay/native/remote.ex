defmodule PhoenixReplay.Native.Remote do
  @moduledoc false
  # The bucket behind a directory, from the options of a user. The native side takes the fields
  # that it knows, by name (remote/linked.rs).
  #
  # What is secret is a function here, so that neither `inspect/1` nor the reports and dumps of
  # Erlang show it, until it is handed over.

  alias PhoenixReplay.Native.Error

  @secrets [:access_key_id, :secret_access_key, :session_token]

  # Each with what it has to be.
  @opts [
    endpoint: ~s(the address of a server, such as "https://minio.internal:9000"),
    region: "the name of a region",
    access_key_id: "a text, or a function without arguments that returns one",
    secret_access_key: "a text, or a function without arguments that returns one",
    session_token: "a text, or a function without arguments that returns one",
    sse: ":aes256 or {:kms, key}",
    virtual_hosted: "true or false",
    ca_file: "the path of a file",
    timeout_ms: "a number of milliseconds from 1 to 3600000",
    node: "a name of 1 to 200 bytes"
  ]

  @defaults [remote: nil, remote_opts: [], remote_poll_ms: 2_000] ++
              [local_max_bytes: nil, checkpoint_ms: nil]

  @max_ms 0xFFFF_FFFF

  # An hour, which no request may take.
  @max_timeout_ms 3_600_000

  @derive {Inspect, except: @secrets}
  @enforce_keys [:address | Keyword.keys(@opts)] ++ [:poll_ms, :local_max_bytes, :checkpoint_ms]
  defstruct @enforce_keys

  @type t :: %__MODULE__{
          address: String.t(),
          endpoint: String.t() | nil,
          region: String.t() | nil,
          access_key_id: (() -> String.t()) | nil,
          secret_access_key: (() -> String.t()) | nil,
          session_token: (() -> String.t()) | nil,
          sse: :aes256 | {:kms, String.t()} | nil,
          virtual_hosted: boolean() | nil,
          ca_file: Path.t() | nil,
          timeout_ms: pos_integer(),
          node: String.t(),
          poll_ms: pos_integer(),
          local_max_bytes: non_neg_integer() | nil,
          checkpoint_ms: pos_integer() | nil
        }

  @doc "The storage options about it."
  @spec keys() :: [atom()]
  def keys, do: Keyword.keys(@defaults)

  @doc "What the storage options ask for; nil if no bucket."
  @spec new(keyword()) :: {:ok, t() | nil} | {:error, Error.reason()}
  def new(opts) do
    opts = Keyword.merge(@defaults, opts)

    with {:ok, poll_ms} <- ms(opts, :remote_poll_ms, []),
         {:ok, local_max_bytes} <- local_max_bytes(opts[:local_max_bytes]),
         {:ok, checkpoint_ms} <- ms(opts, :checkpoint_ms, [nil, :infinity]),
         {:ok, fields} <- remote_opts(opts[:remote_opts]),
         {:ok, address} <- address(opts[:remote]) do
      rest = %{poll_ms: poll_ms, local_max_bytes: local_max_bytes, checkpoint_ms: checkpoint_ms}

      {:ok,
       address && struct!(__MODULE__, rest |> Map.merge(fields) |> Map.put(:address, address))}
    end
  end

  @doc "As the native library takes it: with what is secret, and with the environment as it is now."
  @spec reveal(t() | nil) :: {:ok, map() | nil} | {:error, Error.reason()}
  def reveal(nil), do: {:ok, nil}

  def reveal(%__MODULE__{} = remote) do
    revealed = Map.put(remote, :environment, environment())

    Enum.reduce_while(@secrets, {:ok, revealed}, fn key, {:ok, revealed} ->
      case call(Map.fetch!(remote, key)) do
        {:ok, secret} -> {:cont, {:ok, Map.put(revealed, key, secret)}}
        {:error, what} -> {:halt, invalid(key, "; the one that is given #{what}")}
      end
    end)
  end

  # That of the VM, which `System.put_env/2` changes, and not that of the process.
  defp environment do
    for {"AWS_" <> _rest = name, value} <- System.get_env(),
        text?(name) and text?(value),
        do: {name, value}
  end

  # What a function of the user's raises, or returns, may have a part of the secret in it.
  defp call(nil), do: {:ok, nil}

  defp call(fun) do
    secret = fun.()
    if text?(secret), do: {:ok, secret}, else: {:error, "returned something else"}
  catch
    _kind, _reason ->
      {:error,
       "failed: it is called when the directory is opened, which may be before your " <>
         "application is started"}
  end

  @doc """
  Storage options as something that may be kept: who has the key of a bucket in them does not find
  it there.
  """
  @spec conceal(term()) :: term()
  def conceal(opts) when is_list(opts) do
    if List.keymember?(opts, :remote_opts, 0), do: Enum.map(opts, &conceal_one/1), else: opts
  end

  def conceal(opts), do: opts

  defp conceal_one({:remote_opts, value}),
    do: {:remote_opts, :erlang.phash2(value, Bitwise.bsl(1, 32))}

  defp conceal_one(option), do: option

  defp address(nil), do: {:ok, nil}

  defp address("s3://" <> rest = address) do
    with true <- text?(rest),
         [bucket | _prefix] when bucket != "" <- String.split(rest, "/"),
         # What stands before an @ elsewhere is a secret.
         false <- rest =~ ~r/[\s@?#\\]|[[:cntrl:]]/ do
      {:ok, address}
    else
      _ -> invalid_address()
    end
  end

  defp address(_other), do: invalid_address()

  defp invalid_address do
    {:error,
     {:invalid_option, :remote,
      ~s(the address of a bucket, such as "s3://my-bucket/replays", or nil)}}
  end

  defp remote_opts(opts) do
    known = Keyword.keys(@opts)

    with true <- Keyword.keyword?(opts),
         [] <- Enum.uniq(Keyword.keys(opts)) -- known,
         nil <- invalid_of(opts) do
      {:ok, fields(opts)}
    else
      false -> {:error, {:invalid_option, :remote_opts, "a keyword list"}}
      [_ | _] = unknown -> {:error, {:unknown_options, unknown, known}}
      key -> invalid(key)
    end
  end

  defp invalid_of(opts) do
    # One key without the other is of no use.
    missing =
      cond do
        opts[:access_key_id] && !opts[:secret_access_key] ->
          :secret_access_key

        (opts[:secret_access_key] || opts[:session_token]) && !opts[:access_key_id] ->
          :access_key_id

        true ->
          nil
      end

    Enum.find_value(opts, missing, fn {key, value} ->
      unless value == nil or valid?(key, value), do: key
    end)
  end

  defp invalid(key, more \\ "") do
    expected = "options of which #{inspect(key)} has to be #{@opts[key]}#{more}"
    {:error, {:invalid_option, :remote_opts, expected}}
  end

  defp valid?(:endpoint, "https://" <> rest), do: text?(rest) and not (rest =~ ~r/[\s@]/)
  defp valid?(:endpoint, "http://" <> rest), do: text?(rest) and not (rest =~ ~r/[\s@]/)
  defp valid?(:endpoint, _other), do: false
  defp valid?(:region, region), do: text?(region)
  defp valid?(key, secret) when key in @secrets, do: is_function(secret, 0) or text?(secret)
  defp valid?(:sse, {:kms, key}), do: text?(key)
  defp valid?(:sse, sse), do: sse == :aes256
  defp valid?(:virtual_hosted, virtual_hosted), do: is_boolean(virtual_hosted)
  defp valid?(:timeout_ms, ms), do: ms in 1..@max_timeout_ms
  defp valid?(:node, node), do: text?(node) and byte_size(node) <= 200

  defp valid?(:ca_file, path),
    do: text?(to_text(path)) and not String.contains?(to_text(path), "\0")

  defp to_text(path) do
    IO.chardata_to_string(path)
  rescue
    _ -> ""
  end

  defp text?(text), do: is_binary(text) and text != "" and String.valid?(text)

  defp fields(opts) do
    fields = for {key, _expected} <- @opts, into: %{}, do: {key, field(key, opts[key])}

    Map.merge(fields, %{timeout_ms: opts[:timeout_ms] || 10_000, node: opts[:node] || node_name()})
  end

  defp field(_key, nil), do: nil
  defp field(key, secret) when key in @secrets and is_binary(secret), do: fn -> secret end
  defp field(:ca_file, path), do: Path.expand(to_text(path))
  defp field(_key, value), do: value

  # As others call it; else as the machine is called.
  defp node_name do
    case node() do
      :nonode@nohost ->
        {:ok, host} = :inet.gethostname()
        to_string(host)

      node ->
        Atom.to_string(node)
    end
  end

  defp ms(opts, key, none) do
    case opts[key] do
      ms when ms in 1..@max_ms ->
        {:ok, ms}

      other ->
        if other in none do
          {:ok, nil}
        else
          or_none = if none == [], do: "", else: ", nil or :infinity"
          expected = "a number of milliseconds from 1 to #{@max_ms}#{or_none}"
          {:error, {:invalid_option, key, expected}}
        end
    end
  end

  defp local_max_bytes(none) when none in [nil, :infinity], do: {:ok, nil}
  defp local_max_bytes(max) when max in 0..0xFFFF_FFFF_FFFF_FFFF, do: {:ok, max}

  defp local_max_bytes(_) do
    {:error, {:invalid_option, :local_max_bytes, "an integer of at least 0, nil or :infinity"}}
  end
end
