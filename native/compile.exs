for file <- ["library.exs", "precompiled.exs"], do: Code.require_file(file, __DIR__)

defmodule Mix.Tasks.Compile.ReplayNative do
  @moduledoc false
  # Puts the native library where `PhoenixReplay.Native.Nif` loads it from, `priv/native/`. It is,
  # in this order,
  #
  #   * the file that PHOENIX_REPLAY_NATIVE_LIB names
  #   * the one that comes with a release of this package for this system, see precompiled.exs,
  #     from the release, or from PHOENIX_REPLAY_NATIVE_URL (http, https or file)
  #   * built with cargo, in release mode. Debug information, which is most of what cargo makes,
  #     stays behind in its file.
  #
  # With PHOENIX_REPLAY_NATIVE_BUILD=1 it is built, unless the first says otherwise. So it is with
  # `config :phoenix_replay_native, remote: true`, or PHOENIX_REPLAY_NATIVE_REMOTE=1: those of the
  # release are made without buckets.

  use Mix.Task.Compiler

  alias PhoenixReplay.Native.Build.{Library, Precompiled}

  @crate "phoenix_replay_native"
  @root Path.expand("..", __DIR__)
  @given "PHOENIX_REPLAY_NATIVE_LIB"
  @url "PHOENIX_REPLAY_NATIVE_URL"
  @build "PHOENIX_REPLAY_NATIVE_BUILD"
  @remote "PHOENIX_REPLAY_NATIVE_REMOTE"

  @impl true
  def run(_args) do
    cond do
      path = env(@given) -> use_given(path)
      features() == "" and not on?(@build) -> use_precompiled()
      true -> build()
    end
  end

  # What it is built with, as cargo is told.
  defp features do
    configured? = Application.get_env(:phoenix_replay_native, :remote, false) == true
    remote? = if env(@remote), do: on?(@remote), else: configured?
    if remote?, do: "remote", else: ""
  end

  defp on?(name), do: env(name) not in [nil, "0", "false"]

  defp env(name) do
    value = System.get_env(name)
    if value != "", do: value
  end

  @impl true
  def clean do
    File.rm(target())
    File.rm(built_with())
    :ok
  end

  # The VM appends the extension itself and always looks for `.so`, on macOS too.
  defp target, do: Path.join(@root, "priv/native/#{@crate}.so")

  # What the library there was built with last.
  defp built_with, do: target() <> ".features"

  defp use_given(path) do
    case Library.check(path) do
      :ok -> install_ready(path, &File.cp!/2)
      {:error, what} -> Mix.raise("#{@given} is set to #{path}, which #{what}")
    end
  end

  defp use_precompiled do
    config = Mix.Project.config()
    source = config[:source_url]
    url = env(@url) || (source && "#{source}/releases/download/v#{config[:version]}")
    checksums = Path.join(@root, "native/checksums.sha256")

    case Precompiled.library(version: config[:version], url: url, checksums: checksums) do
      {:ok, library, address} ->
        with {:ok, _} = installed <- install_ready(library, &File.write!(&2, &1)) do
          Mix.shell().info("Using the precompiled library #{Path.basename(address)}")
          installed
        end

      :none ->
        if env(@url), do: Mix.shell().info("No precompiled library for #{Precompiled.target()}")
        build()

      {:error, why} ->
        Mix.shell().error("The precompiled library can't be had, building it: #{why}")
        build()
    end
  end

  defp install_ready(library, copy) do
    result = install(library, copy)
    # Older than any source, and made in whatever way: without the setting it is built again.
    File.touch!(target(), 0)
    File.rm(built_with())
    result
  end

  defp build do
    if stale?() do
      check_toolchain!()
      Mix.shell().info("Compiling the native library (cargo build --release)")

      args =
        ~w(build --release --locked --package #{@crate} --message-format=json-render-diagnostics)

      # What people read goes to standard error, what is parsed is captured.
      case System.cmd("cargo", args ++ ["--features", features()], cd: @root) do
        {artifacts, 0} ->
          result = install(built_library(artifacts), &copy_stripped/2)
          File.write!(built_with(), features())
          result

        {_, status} ->
          Mix.raise("cargo build failed with exit status #{status}, see above")
      end
    else
      {:noop, []}
    end
  end

  # Cargo says where it has put the library: settings of the user's can move it.
  defp built_library(artifacts) do
    case Regex.scan(~r/"filenames":\["([^"]*#{@crate}\.(?:so|dylib))"/, artifacts) do
      [] -> Mix.raise("cargo build has not made a library called #{@crate}#{hint()}")
      found -> found |> List.last() |> List.last()
    end
  end

  # What .cargo/config.toml says for musl counts only where these say nothing.
  defp hint do
    if Enum.any?(~w(RUSTFLAGS CARGO_ENCODED_RUSTFLAGS), &System.get_env/1) do
      ": with musl, RUSTFLAGS must contain \"-C target-feature=-crt-static\""
    else
      ""
    end
  end

  # A running VM has the old file mapped: it must be replaced, not overwritten.
  defp install(from, copy) do
    File.mkdir_p!(Path.dirname(target()))
    temporary = target() <> ".#{System.pid()}"
    copy.(from, temporary)

    if same_content?(temporary, target()) do
      File.rm!(temporary)
      File.touch!(target())
      {:noop, []}
    else
      File.rename!(temporary, target())
      # Links priv/ into the build directory when this run has created it.
      Mix.Project.build_structure()
      {:ok, []}
    end
  end

  # Without a tool for it the library is as large as cargo made it, and as good.
  defp copy_stripped(from, to) do
    unless Enum.any?(strippers(), &strip(&1, from, to)), do: File.cp!(from, to)
  end

  defp strip({tool, env}, from, to) do
    options = [stderr_to_stdout: true, env: env]
    match?({_output, 0}, System.cmd(tool, ["--strip-unneeded", from, to], options))
  end

  # The compiler brings one, which needs the compiler's own libraries.
  defp strippers do
    sysroot = sysroot()
    own = Path.wildcard(Path.join(sysroot, "lib/rustlib/*/bin/rust-objcopy"))
    others = Enum.map(~w(objcopy llvm-objcopy), &System.find_executable/1)

    for(tool <- own, do: {tool, [{"LD_LIBRARY_PATH", Path.join(sysroot, "lib")}]}) ++
      for(tool when is_binary(tool) <- others, do: {tool, []})
  end

  defp sysroot do
    with rustc when is_binary(rustc) <- System.find_executable("rustc"),
         {sysroot, 0} <- System.cmd(rustc, ~w(--print sysroot), cd: @root) do
      String.trim(sysroot)
    else
      _ -> "/usr"
    end
  end

  defp same_content?(a, b) do
    with {:ok, a} <- File.read(a), {:ok, b} <- File.read(b), do: a == b, else: (_ -> false)
  end

  defp stale? do
    with {:ok, %{mtime: built}} <- File.stat(target(), time: :posix),
         true <- File.read(built_with()) == {:ok, features()} do
      Enum.any?(sources(), &(mtime(&1) >= built))
    else
      _missing_or_other -> true
    end
  end

  defp mtime(path), do: File.stat!(path, time: :posix).mtime

  defp sources do
    Enum.map(
      ~w(Cargo.toml Cargo.lock .cargo/config.toml native/compile.exs),
      &Path.join(@root, &1)
    ) ++
      Path.wildcard(Path.join(@root, "native/*/{Cargo.toml,build.rs}")) ++
      Path.wildcard(Path.join(@root, "native/*/src/**/*.rs"))
  end

  defp check_toolchain! do
    needed = needed_version()

    with path when is_binary(path) <- System.find_executable("cargo"),
         {output, 0} <- System.cmd("cargo", ["--version"], cd: @root, stderr_to_stdout: true),
         [found] <- Regex.run(~r/\d+\.\d+\.\d+/, output) do
      if Version.compare(found, needed) == :lt do
        Mix.raise("""
        phoenix_replay_native needs Rust #{needed} or newer, and cargo here is #{found}: \
        run `rustup update`, or set #{@given} to a library that is built.\
        """)
      end
    else
      _ ->
        Mix.raise("""
        phoenix_replay_native needs Rust #{needed} or newer, and `cargo` does not run here: \
        install it from https://rustup.rs, or set #{@given} to a library that is built.\
        """)
    end
  end

  defp needed_version do
    manifest = File.read!(Path.join(@root, "Cargo.toml"))
    [_, version] = Regex.run(~r/^rust-version = "([\d.]+)"/m, manifest)
    if length(String.split(version, ".")) == 2, do: version <> ".0", else: version
  end
end
