defmodule PhoenixReplay.Native.RemoteOptionsTest do
  @moduledoc false
  # What may be said of a bucket, and that nothing secret is ever said again.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.{Error, Options, Remote}

  @remote [remote: "s3://my-bucket/replays"]
  @keys [access_key_id: "an-id", secret_access_key: "a-secret"]

  defp remote(opts) do
    with {:ok, %{remote: remote}} <- Options.new(opts), do: remote
  end

  test "without a bucket there is none, whatever else is said of one" do
    assert remote([]) == nil
    assert remote(remote: nil, remote_poll_ms: 1, local_max_bytes: 1, checkpoint_ms: 1) == nil
    assert remote(remote_opts: [region: "eu-central-1"]) == nil
  end

  test "all but the address has a default" do
    remote = remote(@remote)
    assert %{address: "s3://my-bucket/replays", poll_ms: 2_000, timeout_ms: 10_000} = remote
    assert %{local_max_bytes: nil, checkpoint_ms: nil, endpoint: nil, sse: nil} = remote
    {:ok, host} = :inet.gethostname()
    called = if Node.alive?(), do: Atom.to_string(node()), else: to_string(host)
    assert remote.node == called
  end

  test "each option is taken as it is given" do
    opts = @remote ++ [remote_poll_ms: 1, local_max_bytes: :infinity, checkpoint_ms: 60_000]

    more =
      [endpoint: "http://localhost:9000", region: "garage", sse: {:kms, "k"}, node: "a"] ++
        [virtual_hosted: true, ca_file: ~c"ca.pem", timeout_ms: 1]

    remote = remote(opts ++ [remote_opts: more])
    assert %{poll_ms: 1, local_max_bytes: nil, checkpoint_ms: 60_000, timeout_ms: 1} = remote
    assert %{endpoint: "http://localhost:9000", region: "garage", sse: {:kms, "k"}} = remote
    assert %{virtual_hosted: true, node: "a"} = remote
    assert remote.ca_file == Path.expand("ca.pem")
  end

  test "each has its own error, in words too, without the value" do
    bad = "b@d s3cret"

    for {opts, words} <- [
          {[remote: "my-bucket"], ~s(:remote must be the address of a bucket, such as "s3://)},
          {[remote: "s3://"], ":remote must be the address of a bucket"},
          {[remote: "s3:///prefix"], ":remote must be the address of a bucket"},
          {[remote: "s3://#{bad}@bucket/"], ":remote must be the address of a bucket"},
          {[remote: :bucket], ":remote must be the address of a bucket"},
          {[remote_opts: %{secret: bad}], ":remote_opts must be a keyword list"},
          {[remote_opts: [secret: bad]], "unknown options [:secret], known are [:endpoint, "},
          {[remote_opts: [endpoint: bad]], "options of which :endpoint has to be the address"},
          {[remote_opts: [endpoint: "https://u:#{bad}@host"]], ":endpoint has to be"},
          {[remote_opts: [region: :eu]], ":region has to be the name of a region"},
          {[remote_opts: [access_key_id: bad]], ":secret_access_key has to be a text, or a func"},
          {[remote_opts: [secret_access_key: bad]], ":access_key_id has to be a text, or a func"},
          {[remote_opts: [session_token: bad]], ":access_key_id has to be a text"},
          {[remote_opts: [access_key_id: bad, secret_access_key: 1]],
           ":secret_access_key has to"},
          {[remote_opts: [sse: bad]], ":sse has to be :aes256 or {:kms, key}"},
          {[remote_opts: [virtual_hosted: 1]], ":virtual_hosted has to be true or false"},
          {[remote_opts: [ca_file: "a\0#{bad}"]], ":ca_file has to be the path of a file"},
          {[remote_opts: [timeout_ms: 0]], ":timeout_ms has to be a number of milliseconds"},
          {[remote_opts: [timeout_ms: 3_600_001]], "milliseconds from 1 to 3600000"},
          {[remote_opts: [node: String.duplicate("n", 201)]], ":node has to be a name of 1 to"},
          {[remote_poll_ms: 0], ":remote_poll_ms must be a number of milliseconds from 1 to"},
          {[remote_poll_ms: nil], ":remote_poll_ms must be a number of milliseconds from 1 to"},
          {[local_max_bytes: -1], ":local_max_bytes must be an integer of at least 0, nil or"},
          {[checkpoint_ms: 0], ":checkpoint_ms must be a number of milliseconds from 1 to"}
        ] do
      assert {:error, reason} = Options.new(Keyword.merge(@remote, opts))
      assert Error.format(reason) =~ words
      refute inspect(reason) =~ bad
    end
  end

  test "what is secret is not shown, and is there when it is wanted" do
    {:ok, options} = Options.new(@remote ++ [remote_opts: @keys ++ [session_token: "a-token"]])
    shown = inspect(options, structs: false) <> inspect(options)
    for secret <- ["an-id", "a-secret", "a-token"], do: refute(shown =~ secret)
    # As Erlang shows it.
    refute to_string(:io_lib.format("~p", [options])) =~ "a-secret"

    assert {:ok,
            %{access_key_id: "an-id", secret_access_key: "a-secret", session_token: "a-token"}} =
             Remote.reveal(options.remote)
  end

  test "the environment is that of the VM when it is wanted" do
    remote = remote(@remote)
    name = "AWS_#{System.unique_integer([:positive])}"
    System.put_env(name, "a-secret")
    on_exit(fn -> System.delete_env(name) end)
    {:ok, revealed} = Remote.reveal(remote)
    assert {name, "a-secret"} in revealed.environment
    assert Enum.all?(revealed.environment, fn {name, _value} -> name =~ ~r/\AAWS_/ end)
    refute inspect(revealed) =~ "a-secret"
  end

  test "a secret may be had from a function, which is called when it is wanted" do
    test = self()

    keys = [
      access_key_id: fn -> "an-id" end,
      secret_access_key: fn ->
        send(test, :asked)
        "a-secret"
      end
    ]

    remote = remote(@remote ++ [remote_opts: keys])
    refute_received :asked
    assert {:ok, %{secret_access_key: "a-secret"}} = Remote.reveal(remote)
    assert_received :asked
  end

  test "a function that has no secret is an error, which says nothing of what it did" do
    for {fun, what} <- [
          {fn -> raise "s3cret" end, "failed: it is called when the directory is opened"},
          {fn -> throw("s3cret") end, "failed: it is called when the directory is opened"},
          {fn -> :s3cret end, "returned something else"}
        ] do
      keys = [access_key_id: "an-id", secret_access_key: fun]
      opts = [path: tmp_dir()] ++ @remote ++ [remote_opts: keys]
      assert {:error, reason} = PhoenixReplay.Native.stats(opts)
      assert Error.format(reason) =~ ":secret_access_key has to be a text, or a function"
      assert Error.format(reason) =~ "; the one that is given " <> what
      refute inspect(reason) =~ "s3cret"
    end
  end

  test "a function that failed is called again by the next call" do
    test = self()

    fun = fn ->
      send(test, :asked)
      raise "not started yet"
    end

    opts = [path: tmp_dir(), remote_opts: [access_key_id: "an-id", secret_access_key: fun]]

    for _call <- 1..2 do
      assert {:error, {:invalid_option, :remote_opts, _}} =
               PhoenixReplay.Native.stats(@remote ++ opts)

      assert_received :asked
      refute_received :asked
    end
  end

  test "what is kept of options tells them apart and has no secret in it" do
    opts = [path: "a"] ++ @remote ++ [remote_opts: @keys]
    others = [path: "a"] ++ @remote ++ [remote_opts: Keyword.put(@keys, :secret_access_key, "b")]
    refute inspect(Remote.conceal(opts)) =~ "a-secret"
    assert Remote.conceal(opts) == Remote.conceal(opts)
    assert Remote.conceal(opts) != Remote.conceal(others)
    assert Remote.conceal(path: "a") == [path: "a"]
    assert Remote.conceal(%{path: "a"}) == %{path: "a"}
    refute inspect(Remote.conceal(opts ++ opts)) =~ "a-secret"
  end
end
