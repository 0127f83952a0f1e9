# What the tests provoke goes to the log; it is shown for those that fail.
ExUnit.start(capture_log: true)
PhoenixReplay.Native.Test.LongSchedule.start()
