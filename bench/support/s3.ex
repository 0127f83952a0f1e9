defmodule Bench.S3 do
  @moduledoc """
  Plain requests to a bucket, signed, on one connection that is kept: what a `get` of a
  recording is compared with, and a look at what is there.
  """

  @hash "UNSIGNED-PAYLOAD"
  @signed "host;x-amz-content-sha256;x-amz-date"

  @enforce_keys [:bucket, :socket, :host]
  defstruct @enforce_keys

  @type t :: %__MODULE__{}

  @doc "Connects."
  @spec connect(Bench.Bucket.t()) :: t()
  def connect(bucket) do
    %{host: host, port: port} = URI.parse(bucket.endpoint)
    options = [:binary, active: false, packet: :http_bin, nodelay: true]
    {:ok, socket} = :gen_tcp.connect(String.to_charlist(host), port, options)
    %__MODULE__{bucket: bucket, socket: socket, host: "#{host}:#{port}"}
  end

  @doc "The content of an object."
  @spec get(t(), String.t()) :: binary()
  def get(s3, key) do
    {200, body} = request(s3, "GET", key, [])
    body
  end

  @doc "Deletes an object."
  @spec delete(t(), String.t()) :: :ok
  def delete(s3, key) do
    {status, _body} = request(s3, "DELETE", key, [])
    true = status in [200, 204]
    :ok
  end

  @doc "All keys that begin with the prefix, and their sizes, in their order."
  @spec list(t(), String.t()) :: [{String.t(), non_neg_integer()}]
  def list(s3, prefix, after_key \\ "") do
    query = [{"list-type", "2"}, {"prefix", prefix}, {"start-after", after_key}]
    {200, body} = request(s3, "GET", "", Enum.reject(query, &(elem(&1, 1) == "")))

    found =
      for [_, object] <- Regex.scan(~r{<Contents>(.*?)</Contents>}s, body) do
        [_, key] = Regex.run(~r{<Key>(.*?)</Key>}, object)
        [_, size] = Regex.run(~r{<Size>(\d+)</Size>}, object)
        {key, String.to_integer(size)}
      end

    if body =~ "<IsTruncated>true</IsTruncated>",
      do: found ++ list(s3, prefix, elem(List.last(found), 0)),
      else: found
  end

  @doc "The keys of the recordings under a prefix, by the names of their files."
  @spec recordings(t(), String.t()) :: %{String.t() => String.t()}
  def recordings(s3, prefix) do
    for {key, _size} <- list(s3, prefix <> "/"),
        not String.starts_with?(key, prefix <> "/.native/"),
        Path.extname(key) not in [".rows", ".gone"],
        into: %{} do
      # Behind the times of the upload and of the file.
      [_time, _saved, file] = String.split(Path.basename(key), "-", parts: 3)
      {file, key}
    end
  end

  defp request(s3, method, key, query) do
    path = "/" <> encode(s3.bucket.bucket <> "/" <> key, "/")
    query = Enum.map_join(query, "&", fn {name, value} -> "#{encode(name)}=#{encode(value)}" end)
    target = if query == "", do: path, else: path <> "?" <> query
    at = Calendar.strftime(DateTime.utc_now(), "%Y%m%dT%H%M%SZ")

    headers = [
      ["host: ", s3.host],
      ["x-amz-content-sha256: ", @hash],
      ["x-amz-date: ", at],
      ["authorization: ", authorization(s3, method, path, query, at)],
      "content-length: 0"
    ]

    lines = [[method, " ", target, " HTTP/1.1"] | headers] ++ ["", ""]
    :ok = :gen_tcp.send(s3.socket, Enum.intersperse(lines, "\r\n"))
    {:ok, {:http_response, _version, status, _text}} = :gen_tcp.recv(s3.socket, 0)
    length = head(s3.socket, 0)
    :ok = :inet.setopts(s3.socket, packet: :raw)
    {:ok, body} = if length == 0, do: {:ok, ""}, else: :gen_tcp.recv(s3.socket, length)
    :ok = :inet.setopts(s3.socket, packet: :http_bin)
    {status, body}
  end

  # The length of what comes behind the headers.
  defp head(socket, length) do
    case :gen_tcp.recv(socket, 0) do
      {:ok, {:http_header, _, :"Content-Length", _, value}} ->
        head(socket, String.to_integer(value))

      {:ok, {:http_header, _, :"Transfer-Encoding", _, value}} ->
        raise "answers that are #{value} are not understood"

      {:ok, {:http_header, _, _name, _, _value}} ->
        head(socket, length)

      {:ok, :http_eoh} ->
        length
    end
  end

  defp authorization(s3, method, path, query, at) do
    %{region: region, key: key, secret: secret} = s3.bucket
    headers = "host:#{s3.host}\nx-amz-content-sha256:#{@hash}\nx-amz-date:#{at}\n"
    request = Enum.join([method, path, query, headers, @signed, @hash], "\n")
    day = binary_part(at, 0, 8)
    scope = "#{day}/#{region}/s3/aws4_request"

    to_sign =
      Enum.join(["AWS4-HMAC-SHA256", at, scope, hex(:crypto.hash(:sha256, request))], "\n")

    signing = Enum.reduce([day, region, "s3", "aws4_request"], "AWS4" <> secret, &hmac(&2, &1))
    signature = hex(hmac(signing, to_sign))

    "AWS4-HMAC-SHA256 Credential=#{key}/#{scope}, SignedHeaders=#{@signed}, Signature=#{signature}"
  end

  defp hmac(key, data), do: :crypto.mac(:hmac, :sha256, key, data)
  defp hex(bytes), do: Base.encode16(bytes, case: :lower)

  defp encode(text, kept \\ "") do
    URI.encode(text, &(URI.char_unreserved?(&1) or <<&1>> == kept))
  end
end
