defmodule PhoenixReplay.Native.LibraryTest do
  @moduledoc false
  # Where the native library comes from when this package is compiled: the real compiler of Mix,
  # in a VM of its own, on a copy of what it reads, and never a Rust that is installed here.
  use ExUnit.Case, async: true

  import PhoenixReplay.Native.Test.Recordings, only: [tmp_dir: 0]

  alias PhoenixReplay.Native.Build.{Library, Precompiled}

  # They are there when they have been started.
  @compile {:no_warn_undefined, [:inets, :httpd, :public_key]}

  @root Path.expand("..", __DIR__)
  @target Precompiled.target()
  @name Precompiled.name(Mix.Project.config()[:version], @target)

  # Packed once: that takes most of a second.
  setup_all do
    library =
      File.read!(
        Application.app_dir(:phoenix_replay_native, "priv/native/phoenix_replay_native.so")
      )

    packed = tmp_dir()
    File.mkdir_p!(packed)
    %{library: library, packed: pack(Path.join(packed, @name), library)}
  end

  setup do
    root = tmp_dir()

    for file <- ["mix.exs", "Cargo.toml" | Path.wildcard("native/*.exs", [])] do
      copy = Path.join(root, file)
      File.mkdir_p!(Path.dirname(copy))
      File.cp!(Path.join(@root, file), copy)
    end

    cargo = Path.join(root, "bin/cargo")
    File.mkdir_p!(Path.dirname(cargo))
    File.write!(cargo, "#!/bin/sh\necho no Rust here\nexit 127\n")
    File.chmod!(cargo, 0o755)

    release = Path.join(root, "release")
    File.mkdir_p!(release)
    %{root: root, release: release}
  end

  # As the release makes it.
  defp pack(archive, library) do
    file = archive |> Path.basename(".tar.gz") |> to_charlist()
    :ok = :erl_tar.create(to_charlist(archive), [{file, library}], [:compressed])
    archive
  end

  # With the line for it in the list of checksums.
  defp publish(context, name \\ @name) do
    archive = Path.join(context.release, name)
    File.cp!(context.packed, archive)
    sum = Base.encode16(:crypto.hash(:sha256, File.read!(archive)), case: :lower)
    File.write!(Path.join(context.root, "native/checksums.sha256"), "#{sum}  #{name}\n")
    archive
  end

  # A server of the release.
  defp serve(context, socket \\ :ip_comm) do
    for application <- [:inets, :ssl], do: {:ok, _} = Precompiled.start(application)
    root = to_charlist(context.release)

    {:ok, server} =
      :inets.start(:httpd,
        port: 0,
        server_name: ~c"release",
        server_root: root,
        document_root: root,
        bind_address: {127, 0, 0, 1},
        socket_type: socket
      )

    on_exit(fn -> :inets.stop(:httpd, server) end)
    scheme = if socket == :ip_comm, do: "http", else: "https"
    "#{scheme}://127.0.0.1:#{:httpd.info(server)[:port]}"
  end

  defp compile(context, env) do
    env =
      Enum.concat([
        [{"PATH", Path.join(context.root, "bin") <> ":" <> System.get_env("PATH")}],
        [{"MIX_BUILD_PATH", Path.join(context.root, "build")}, {"MIX_ENV", "dev"}],
        [{"XDG_CACHE_HOME", Path.join(context.root, "cache")}],
        for(name <- ~w(LIB URL BUILD REMOTE), do: {"PHOENIX_REPLAY_NATIVE_" <> name, nil}),
        for({name, value} <- env, do: {"PHOENIX_REPLAY_NATIVE_#{name}", value})
      ])

    System.cmd("mix", ["compile.replay_native"],
      cd: context.root,
      env: env,
      stderr_to_stdout: true
    )
  end

  defp installed(context),
    do: File.read(Path.join(context.root, "priv/native/phoenix_replay_native.so"))

  test "the one of the release for this system is loaded, checked and used", context do
    archive = publish(context)
    url = serve(context)
    assert {output, 0} = compile(context, URL: url)
    assert output =~ "Using the precompiled library #{@name}"
    assert installed(context) == {:ok, context.library}

    # What was loaded once is used again, without the release.
    File.rm!(archive)
    File.rm_rf!(Path.join(context.root, "priv"))
    assert {_output, 0} = compile(context, URL: url <> "/")
    assert installed(context) == {:ok, context.library}
  end

  test "it is also taken from a directory", context do
    publish(context)
    assert {_output, 0} = compile(context, URL: "file://" <> context.release)
    assert installed(context) == {:ok, context.library}
  end

  test "one that is not what the package lists is refused, and nothing takes its place",
       context do
    archive = publish(context)
    File.write!(archive, "another one")
    assert {output, 1} = compile(context, URL: serve(context))

    assert output =~
             ~r"#{@name} is not the library of this package, and is not used: its SHA-256 is"

    refute output =~ "no Rust here"
    assert installed(context) == {:error, :enoent}
  end

  test "what was kept of it is checked as well", context do
    publish(context)
    assert {_output, 0} = compile(context, URL: "file://" <> context.release)
    [kept] = Path.wildcard(Path.join(context.root, "cache/**/*.tar.gz"))
    File.write!(kept, "another one")
    assert {_output, 0} = compile(context, URL: "file://" <> context.release)
    assert installed(context) == {:ok, context.library}
    assert File.read!(kept) == File.read!(Path.join(context.release, @name))
  end

  test "where there is none for this system, it is built, which takes Rust", context do
    publish(context, Precompiled.name(Mix.Project.config()[:version], "vax-dec-vms"))
    assert {output, 1} = compile(context, URL: serve(context))
    assert output =~ "No precompiled library for #{@target}"
    assert output =~ "needs Rust 1.91.0 or newer, and `cargo` does not run here: install it from"
    assert installed(context) == {:error, :enoent}
  end

  test "where it can't be loaded, that is said, and it is built", context do
    File.rm!(publish(context))
    assert {output, 1} = compile(context, URL: serve(context))
    assert output =~ ~r"can't be had, building it: .*#{@name}: 404"
    assert output =~ "needs Rust"
  end

  test "a server for whom no authority vouches is not believed", context do
    publish(context)
    {:ok, _} = Precompiled.start(:ssl)
    chain = %{root: [], intermediates: [], peer: []}

    %{server_config: config} =
      :public_key.pkix_test_data(%{server_chain: chain, client_chain: chain})

    url = serve(context, {:ssl, Keyword.take(config, [:cert, :key])})
    assert {output, 1} = compile(context, URL: url)
    assert output =~ "The precompiled library can't be had, building it: #{url}/#{@name}: "
    assert output =~ "tls_alert"
    assert output =~ "needs Rust"
    assert installed(context) == {:error, :enoent}
  end

  test "without a list of checksums, or an address, nothing is loaded", context do
    assert {output, 1} = compile(context, URL: serve(context))
    assert output =~ "needs Rust"
    publish(context)
    assert {output, 1} = compile(context, [])
    assert output =~ "needs Rust"
    assert Path.wildcard(Path.join(context.root, "cache/**/*.gz")) == []
  end

  test "it is built where that is asked for", context do
    publish(context)
    assert {output, 1} = compile(context, URL: serve(context), BUILD: "1")
    assert output =~ "needs Rust"
  end

  test "one with buckets is not taken from the release, but built", context do
    publish(context)
    assert {output, 1} = compile(context, URL: serve(context), REMOTE: "1")
    assert output =~ "needs Rust"
    configure(context, "true")
    assert {output, 1} = compile(context, URL: serve(context))
    assert output =~ "needs Rust"
    # The variable counts more.
    assert {output, 0} = compile(context, URL: serve(context), REMOTE: "0")
    assert output =~ "Using the precompiled library"
  end

  test "who changes his mind about buckets has it built anew, others have not", context do
    builds = fake_cargo(context)
    assert {_output, 0} = compile(context, BUILD: "1")
    assert {_output, 0} = compile(context, BUILD: "1")
    assert builds.() == [""]
    assert {_output, 0} = compile(context, REMOTE: "1")
    configure(context, "true")
    assert {_output, 0} = compile(context, [])
    assert builds.() == ["", "remote"]
    configure(context, "false")
    assert {_output, 0} = compile(context, BUILD: "true")
    assert builds.() == ["", "remote", ""]
    # What is given may have been built in any way.
    given = Path.join(context.root, "given.so")
    File.write!(given, context.library)
    assert {_output, 0} = compile(context, LIB: given, REMOTE: "1")
    assert {_output, 0} = compile(context, BUILD: "1")
    assert builds.() == ["", "remote", "", ""]
  end

  defp configure(context, remote) do
    file = Path.join(context.root, "config/config.exs")
    File.mkdir_p!(Path.dirname(file))
    File.write!(file, "import Config\nconfig :phoenix_replay_native, remote: #{remote}\n")
  end

  # One that writes down the features that it is to build with, and what the sources are older than.
  defp fake_cargo(context) do
    [log, made] =
      for name <- ["log", "phoenix_replay_native.so"], do: Path.join(context.root, name)

    File.write!(made, context.library)
    cargo = Path.join(context.root, "bin/cargo")

    File.write!(cargo, """
    #!/bin/sh
    if [ "$1" = --version ]; then echo "cargo 9.9.9"; exit; fi
    for last; do :; done
    echo "$last" >> #{log}
    echo '{"filenames":["#{made}"]}'
    """)

    for file <- ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "native/compile.exs"] do
      path = Path.join(context.root, file)
      File.mkdir_p!(Path.dirname(path))
      File.touch!(path, System.os_time(:second) - 60)
    end

    fn -> log |> File.read!() |> String.split("\n") |> Enum.drop(-1) end
  end

  test "one that is given is used, before all others", context do
    given = Path.join(context.root, "given.so")
    File.write!(given, context.library)
    publish(%{context | packed: pack(Path.join(context.root, @name), "another one")})
    assert {_output, 0} = compile(context, LIB: given, URL: serve(context), BUILD: "1")
    assert installed(context) == {:ok, context.library}
  end

  test "one that is given and can't be one is refused", context do
    <<head::18-bytes, _machine::2-bytes, rest::binary>> = context.library

    for {content, what} <- [
          {"no library", "is no library: neither ELF nor Mach-O"},
          {"", "is no library: neither ELF nor Mach-O"},
          {File.read!("/proc/self/exe"), "is"},
          {head <> <<0xF00D::16>> <> rest, "is for another kind of machine"},
          {String.replace(context.library, "\0nif_init\0", "\0gif_init\0"),
           "is no library of NIFs"},
          {String.replace(
             context.library,
             "PhoenixReplay.Native.Nif.Stubs",
             "PhoenixReplay.Native.Nif.Stabs"
           ), "is the library of NIFs of something else"}
        ] do
      given = Path.join(context.root, "given.so")
      File.write!(given, content)
      assert {:error, said} = Library.check(given)
      assert String.starts_with?(said, what)
    end

    assert Library.check("/no/such/file") ==
             {:error, "can't be read: no such file or directory"}

    given = Path.join(context.root, "mix.exs")
    assert {output, 1} = compile(context, LIB: given)
    assert output =~ "PHOENIX_REPLAY_NATIVE_LIB is set to #{given}, which is no library: neither"
    assert installed(context) == {:error, :enoent}
  end

  test "systems are called as Rust calls them" do
    for {system, target} <- [
          {"x86_64-pc-linux-gnu", "x86_64-unknown-linux-gnu"},
          {"amd64-portbld-freebsd14.0", "x86_64-portbld-freebsd14.0"},
          {"aarch64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"},
          {"x86_64-alpine-linux-musl", "x86_64-unknown-linux-musl"},
          {"x86_64-linux", "x86_64-unknown-linux-gnu"},
          {"aarch64-apple-darwin23.1.0", "aarch64-apple-darwin"}
        ],
        do: assert(Precompiled.target(system) == target)

    release = File.read!(Path.join(@root, ".github/workflows/release.yml"))

    # The names that the release gives its files.
    [_, pattern] = Regex.run(~r/name="(libphoenix_replay_native-.*\.so)"/, release)
    made = pattern |> String.replace("$version", "1.2.3") |> String.replace("$TARGET", "t")
    assert made <> ".tar.gz" == Precompiled.name("1.2.3", "t")
    manifest = File.read!(Path.join(@root, "native/nif/Cargo.toml"))
    assert manifest =~ "nif_version_2_15" and made =~ "-nif-2.15-"
  end
end
