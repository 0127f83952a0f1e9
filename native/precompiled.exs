defmodule PhoenixReplay.Native.Build.Precompiled do
  @moduledoc false
  # A library that a release of this package brings, in place of one that is built.
  #
  # Which there are, and what they are, is said by native/checksums.sha256 of the package, as
  # `sha256sum` writes it: the release builds it (.github/workflows/release.yml). What is
  # downloaded counts only with the checksum from there; without that file nothing is.

  # What the library asks of the VM, as its Cargo.toml says: later ones have it, too.
  @nif "2.15"

  # In milliseconds.
  @connect_timeout 15_000
  @timeout 300_000

  @doc """
  The content of the library for this system, and where it came from.

  `:none` if there is none to be had: nothing is listed, or nothing for this system, or there
  is no address to load it from. `{:error, why}`: it could not be loaded. It raises where it
  is not what the package lists.
  """
  @spec library(keyword()) :: {:ok, binary(), String.t()} | :none | {:error, String.t()}
  def library(from) do
    name = name(from[:version], from[:target] || target())

    with {:ok, checksum} <- checksum(from[:checksums], name),
         url when is_binary(url) <- from[:url] do
      address = String.trim_trailing(url, "/") <> "/" <> name
      cached = Path.join(from[:cache] || cache(), name)

      with {:ok, archive} <- archive(address, cached, checksum),
           do: {:ok, unpack!(archive, String.replace_suffix(name, ".tar.gz", "")), address}
    else
      _nothing -> :none
    end
  end

  @doc "The name of the archive for a version of this package and a target triple."
  @spec name(String.t(), String.t()) :: String.t()
  def name(version, target),
    do: "libphoenix_replay_native-v#{version}-nif-#{@nif}-#{target}.so.tar.gz"

  @doc "The target triple of this system, in the words of Rust."
  @spec target(String.t()) :: String.t()
  def target(architecture \\ to_string(:erlang.system_info(:system_architecture))) do
    [cpu | rest] = String.split(architecture, "-")
    cpu = Map.get(%{"amd64" => "x86_64", "arm64" => "aarch64"}, cpu, cpu)

    cond do
      Enum.any?(rest, &String.starts_with?(&1, "darwin")) -> "#{cpu}-apple-darwin"
      "linux" in rest -> "#{cpu}-unknown-linux-#{abi(List.last(rest))}"
      true -> Enum.join([cpu | rest], "-")
    end
  end

  defp abi("linux"), do: "gnu"
  defp abi(abi), do: abi

  defp checksum(file, name) do
    with {:ok, text} <- File.read(file) do
      Enum.find_value(String.split(text, "\n"), :none, fn line ->
        case String.split(line) do
          [checksum, ^name] -> {:ok, String.downcase(checksum)}
          _other -> nil
        end
      end)
    end
  end

  # What was loaded before, if it is still that.
  defp archive(address, cached, checksum) do
    with {:ok, archive} <- File.read(cached),
         ^checksum <- sha256(archive) do
      {:ok, archive}
    else
      _ ->
        with {:ok, archive} <- load(address) do
          check!(archive, address, checksum)
          keep(archive, cached)
          {:ok, archive}
        end
    end
  end

  defp check!(archive, address, checksum) do
    found = sha256(archive)

    if found != checksum do
      Mix.raise("""
      #{address} is not the library of this package, and is not used: its SHA-256 is #{found}, \
      and native/checksums.sha256 says #{checksum}. \
      Set PHOENIX_REPLAY_NATIVE_BUILD=1 to build it here.\
      """)
    end
  end

  # Who may not write there loads it again the next time.
  defp keep(archive, cached) do
    temporary = cached <> ".#{System.pid()}"

    with :ok <- File.mkdir_p(Path.dirname(cached)),
         :ok <- File.write(temporary, archive),
         do: File.rename(temporary, cached)
  end

  defp sha256(content), do: Base.encode16(:crypto.hash(:sha256, content), case: :lower)

  defp cache, do: to_string(:filename.basedir(:user_cache, "phoenix_replay_native"))

  defp unpack!(archive, name) do
    file = to_charlist(name)

    case :erl_tar.extract({:binary, archive}, [:memory, :compressed]) do
      {:ok, [{^file, content}]} ->
        content

      other ->
        # It is what the package lists, so the release has made it wrongly.
        Mix.raise("#{name}.tar.gz has not #{name} alone in it: #{inspect(other, limit: 5)}")
    end
  end

  defp load("file://" <> path) do
    with {:error, posix} <- File.read(path),
         do: {:error, "#{path} can't be read: #{:file.format_error(posix)}"}
  end

  defp load(address) do
    for application <- [:inets, :ssl], do: {:ok, _} = start(application)
    request(address, [connect_timeout: @connect_timeout, timeout: @timeout] ++ tls(address))
  rescue
    # The system has no certificates of authorities.
    error in ErlangError -> {:error, "#{address}: #{inspect(error.original, limit: 20)}"}
  end

  defp request(address, options) do
    request = {to_charlist(address), [{~c"user-agent", ~c"phoenix_replay_native"}]}

    case :httpc.request(:get, request, options, body_format: :binary) do
      {:ok, {{_http, 200, _text}, _headers, body}} -> {:ok, body}
      {:ok, {{_http, status, text}, _, _}} -> {:error, "#{address}: #{status} #{text}"}
      {:error, why} -> {:error, "#{address}: #{inspect(why, limit: 20)}"}
    end
  end

  @doc """
  Starts an application of Erlang's: later versions of Mix take those off the path that a project
  does not name.
  """
  @spec start(atom()) :: {:ok, [atom()]} | {:error, term()}
  def start(application) do
    if function_exported?(Mix, :ensure_application!, 1),
      do: apply(Mix, :ensure_application!, [application])

    Application.ensure_all_started(application)
  end

  defp tls("https://" <> _) do
    [
      ssl: [
        verify: :verify_peer,
        cacerts: :public_key.cacerts_get(),
        depth: 4,
        customize_hostname_check: [
          match_fun: :public_key.pkix_verify_hostname_match_fun(:https)
        ]
      ]
    ]
  end

  defp tls(_plain), do: []
end
