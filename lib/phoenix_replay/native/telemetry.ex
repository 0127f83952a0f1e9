defmodule PhoenixReplay.Native.Telemetry do
  @moduledoc """
  The events of this library, for `:telemetry`.

  They are executed if the application has `:telemetry`, and otherwise nothing
  happens; this library does not depend on it. All names start with
  `[:phoenix_replay, :native]`. Nothing of what was recorded is in them but ids.

  | event | measurements | metadata |
  | --- | --- | --- |
  | `:saved`: a recording is in its file | `:duration_us`, `:event_count`, `:bytes`, `:file_bytes` | `:id`, `:path`, `:recovered?` |
  | `:failed`: an attempt to save one failed | `:attempt` | `:id`, `:path`, `:reason`, `:detail`, `:retry?` |
  | `:dropped`: one without user events was not saved | `:count` | `:id`, `:path` |
  | `:recovered`: those that a crash cut off were found | `:count` | `:path` |
  | `:moved`: the files of recordings in flight were removed, or taken over by another node, and are made anew | `:count`, `:gone` | `:path` |
  | `:evicted`: recordings beyond a limit were deleted | `:count`, `:bytes` | `:path`, `:reason` |
  | `:erased`: recordings were erased by request | `:count` | `:path` |
  | `:quarantined`: a damaged file was moved away | `:count` | `:file`, `:path`, `:reason` |
  | `:unsynced`: the file system can't sync a directory, or a file; told once | `:count` | `:path`, `:reason`, `:detail` |
  | `:set_aside`: a part of the slab could not be read, or is another user's | `:count` | `:file`, `:path`, `:reason` |
  | `:remote_away`: the bucket can't be used any more; told once | `:pending_uploads` | `:path`, `:reason` |
  | `:remote_back`: it can be again | `:pending_uploads` | `:path` |
  | `:drained`: a shutdown has saved what it could | `:duration_us`, `:saved`, `:left`, `:pending_uploads` | `:path` |

    * `:duration_us`: microseconds of the work itself, without the waiting before
    * `:event_count`: events of the recording
    * `:bytes`: its size before compression, and of `:evicted` the size of the
      files; `:file_bytes`: the size of its file
    * `:attempt`: 1 for the first; `:retry?`: whether another one follows by
      itself. It does not where every attempt must fail, as for a recording of
      more than `:max_recording_bytes`, which is kept and tried again at the next
      start; nor after `PhoenixReplay.Storage.Native.save/2`, whose caller
      decides.
    * `:count`: recordings or files
    * `:gone`: recordings that could not be kept, because another node has them, and
      saves them as they were when it took them over
    * `:saved`, `:left`: recordings; those that are left are kept, and saved at
      the next start
    * `:pending_uploads`: recordings that are not in the bucket; they are kept, and uploaded
      later, or at the next start; 0 without a bucket
    * `:path`: the directory; `:file`: a file's name within it
    * `:id`: the recording's id, any binary
    * `:recovered?`: whether a crash cut it off
    * `:detail`: a sentence for people, with the step and the file; there is none
      unless the operating system is the reason
    * `:reason`: of `:failed`, `:unsynced` and `:remote_away`, a `t:PhoenixReplay.Native.Error.reason/0`; of
      `:evicted`, the option that is the limit: `:max_recordings`, `:max_age_ms` or
      `:max_bytes`; of the others, a sentence for people

  Handlers run in one process of this library, some time after the fact, and
  hold up nothing but each other; those of `:drained`, and of a `:failed` that a
  caller is told of, run in the process where it happens.
  """

  @compile {:no_warn_undefined, :telemetry}

  @prefix [:phoenix_replay, :native]

  @events [
    :saved,
    :failed,
    :dropped,
    :recovered,
    :moved,
    :evicted,
    :erased,
    :quarantined,
    :set_aside,
    :unsynced,
    :remote_away,
    :remote_back,
    :drained
  ]

  @doc """
  The full names of all events, for `:telemetry.attach_many/4`.

      iex> [:phoenix_replay, :native, :saved] in PhoenixReplay.Native.Telemetry.events()
      true
  """
  @spec events() :: [[atom(), ...]]
  def events, do: for(event <- @events, do: @prefix ++ [event])

  @doc false
  @spec execute(atom(), map(), map()) :: :ok
  def execute(event, measurements, metadata) when event in @events do
    # While nobody has loaded the module, nobody can have attached a handler.
    if function_exported?(:telemetry, :execute, 3) do
      :telemetry.execute(@prefix ++ [event], measurements, metadata)
    end

    :ok
  end

  # Of a later version of the native library.
  def execute(_event, _measurements, _metadata), do: :ok
end
