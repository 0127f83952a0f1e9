defmodule PhoenixReplay.Native.RemoteWireTest do
  @moduledoc false
  # What options of a bucket come to on the wire.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Eventually
  import PhoenixReplay.Native.Test.Recordings

  alias PhoenixReplay.Native
  alias PhoenixReplay.Native.Test.{ChildVM, S3Server}
  alias PhoenixReplay.Storage.Native, as: Storage

  @moduletag :remote

  setup do: %{server: S3Server.start()}

  defp uploaded?(opts), do: match?({:ok, %{pending_uploads: 0}}, Native.stats(opts))
  defp there?(server, id), do: Enum.any?(S3Server.recordings(server), &(&1 =~ id))

  @sse "x-amz-server-side-encryption"

  for {sse, kind, key} <- [
        {nil, [], []},
        {:aes256, ["AES256"], []},
        {{:kms, "arn:aws:kms:a-key"}, ["aws:kms"], ["arn:aws:kms:a-key"]}
      ] do
    test "with sse #{inspect(sse)} the server is asked to encrypt so", %{server: server} do
      sse = unquote(Macro.escape(sse))
      opts = S3Server.node(server, "a", remote_opts: [sse: sse])
      recording = recording()
      :ok = Storage.save(recording, opts)
      eventually(fn -> uploaded?(opts) end)
      assert there?(server, recording.id)
      values = S3Server.values(server, [@sse, @sse <> "-aws-kms-key-id"])
      # What is only read has none.
      assert values == [["-" | unquote(kind)], ["-" | unquote(key)]]
    end
  end

  @child """
  [opts, recording] =
    for text <- System.argv(), do: text |> Base.decode64!() |> :erlang.binary_to_term()

  :ok = PhoenixReplay.Storage.Native.save(recording, opts)

  fn -> PhoenixReplay.Native.stats(opts) end
  |> Stream.repeatedly()
  |> Enum.find(fn {:ok, stats} -> Process.sleep(10) && stats.pending_uploads == 0 end)
  """

  # No name leads to the server, as none leads out of many a data centre.
  test "a bucket is named in the host, and had by a proxy of the environment", context do
    %{server: server} = context
    named = [endpoint: "http://s3.test", virtual_hosted: true]
    opts = S3Server.node(server, "a", remote_opts: named)
    recording = recording()
    args = for term <- [opts, recording], do: term |> :erlang.term_to_binary() |> Base.encode64()
    ChildVM.run!(@child, args, env: [{"http_proxy", server.endpoint}])
    assert there?(server, recording.id)
    assert S3Server.values(server, ["host"]) == [["bucket.s3.test"]]
  end
end
