# What the directories of tests hold is no matter for a disk: what the end of a VM leaves is the
# kernel's, and what a power cut leaves is shown by the tests of the engine. So they are in memory,
# where there is room for them and for copies of the library, unless TMPDIR says where.
memory = "/dev/shm"
enough_kb = 2 * 1024 * 1024

with nil <- System.get_env("TMPDIR"),
     {:ok, mounts} <- File.read("/proc/mounts"),
     [options] <- Regex.run(~r"^\S+ #{memory} \S+ (\S+)"m, mounts, capture: :all_but_first),
     false <- "noexec" in String.split(options, ","),
     {sizes, 0} <- System.cmd("df", ["-Pk", memory]),
     [free_kb] <- Regex.run(~r/(\d+) +\d+% /, sizes, capture: :all_but_first),
     true <- String.to_integer(free_kb) > enough_kb,
     do: System.put_env("TMPDIR", memory)

# Those with a bucket need a library that was built for it.
asked? = System.get_env("PHOENIX_REPLAY_NATIVE_REMOTE") not in [nil, "", "0", "false"]

if asked? or PhoenixReplay.Native.Test.S3Server.wanted?(),
  do: PhoenixReplay.Native.Test.S3Server.build(),
  else: ExUnit.configure(exclude: [:remote])

# Those of bin/remote-test need a server that somebody else has started.
unless PhoenixReplay.Native.Test.S3Server.elsewhere?(),
  do: ExUnit.configure(exclude: [:elsewhere | ExUnit.configuration()[:exclude]])

# What the tests provoke goes to the log; it is shown for those that fail. A message that does not
# come fails a test, one that comes late on a busy machine does not.
ExUnit.start(capture_log: true, assert_receive_timeout: 30_000)
PhoenixReplay.Native.Test.LongSchedule.start()
