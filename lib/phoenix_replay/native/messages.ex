defmodule PhoenixReplay.Native.Messages do
  @moduledoc false
  # Every sentence that this library says: the lines of its log, and what a reason
  # is in words. Each has what happened, to which file, directory or recording, and
  # what to do about it; nothing of what was recorded but ids and names of views.
  # guides/operations.md explains each line.

  require Logger

  alias PhoenixReplay.Native.{Error, Options}

  @lines [
    opened: :info,
    recovered: :info,
    erased: :info,
    drained: :info,
    remote_back: :info,
    left: :warning,
    not_uploaded: :warning,
    remote_away: :warning,
    differing: :warning,
    moved: :warning,
    unsynced: :warning,
    quarantined: :warning,
    damaged: :error,
    index_damaged: :error,
    failed: :error,
    set_aside: :error,
    not_erased: :error,
    not_started: :error,
    unreadable: :error,
    refused: :error,
    not_recorded: :error,
    no_subject: :error,
    not_loaded: :error
  ]

  # What can be refused, in words.
  @steps [
    open: "open the directory",
    save: "save a recording",
    delete: "delete a recording",
    clear: "delete all recordings",
    erase: "erase recordings",
    rewrite: "rewrite recordings",
    list: "list recordings",
    list_summaries: "list summaries"
  ]

  @type step ::
          :open | :save | :delete | :clear | :erase | :rewrite | :list | :list_summaries

  @doc "The lines of the log, with their levels."
  @spec lines() :: [{atom(), Logger.level()}]
  def lines, do: @lines

  @doc "The steps that a `:refused` is about."
  @spec steps() :: [step()]
  def steps, do: Keyword.keys(@steps)

  @doc "Writes a line to the log."
  @spec log(atom(), map()) :: :ok
  def log(line, facts), do: Logger.log(Keyword.fetch!(@lines, line), text(line, facts))

  @doc "A line of the log."
  @spec text(atom(), map()) :: String.t()
  def text(line, facts), do: "PhoenixReplay: " <> line(line, facts)

  defp line(:opened, %{path: path}), do: "recordings are in #{path}"

  defp line(:recovered, %{count: count, path: path}),
    do: "#{recordings(count)} that #{were(count)} cut off #{are(count)} recovered in #{path}"

  defp line(:erased, %{count: count, path: path}),
    do: "#{recordings(count)} #{are(count)} erased in #{path}"

  defp line(:drained, %{saved: saved, path: path}),
    do: "#{recordings(saved)} saved at shutdown in #{path}"

  defp line(:left, %{left: left, path: path}) do
    "#{recordings(left)} could not be saved in time in #{path}: " <>
      "#{if left == 1, do: "it is", else: "they are"} kept, and saved at the next start; " <>
      "allow more with :drain_timeout_ms"
  end

  defp line(:not_uploaded, %{left: left, path: path}) do
    "#{recordings(left)} in #{path} #{are(left)} not in the bucket yet: " <>
      "#{if left == 1, do: "it is", else: "they are"} kept there, and uploaded at the next " <>
      "start; allow more with :drain_timeout_ms"
  end

  defp line(:remote_away, %{reason: {:remote, :too_large}, path: path} = facts) do
    "the bucket of #{path} does not take recordings as large as some that are to be uploaded: " <>
      "see the limits of the server, and of what is before it; #{waiting(facts)}"
  end

  defp line(:remote_away, %{path: path} = facts),
    do: "the bucket of #{path} can't be used: #{why(facts)}; #{waiting(facts)}"

  defp line(:remote_back, %{pending_uploads: pending, path: path}) do
    "the bucket of #{path} can be used again; #{recordings(pending)} #{are(pending)} to be uploaded"
  end

  defp line(:differing, %{options: options, path: path}) do
    "#{path} is open with other options: #{Enum.map_join(options, ", ", &inspect/1)} as given " <>
      "here will be in force when it is next opened; PhoenixReplay.Native.close/1 closes it"
  end

  defp line(:moved, %{count: count, gone: gone, path: path}) do
    lost =
      if gone == 0,
        do: "",
        else: "; #{gone} more are lost here, and are saved as they were by who took them over"

    "the files of #{recordings(count)} in flight in #{path} were removed, or taken over by " <>
      "another node, and are made anew: leave .native/ alone#{lost}"
  end

  defp line(:unsynced, facts) do
    "#{why(facts)}; the file system does not support it: how much of what was saved last a " <>
      "power cut can lose is up to it"
  end

  defp line(:quarantined, %{path: path, file: file, reason: reason}) do
    "#{path}/#{file} is moved to .native/quarantine: #{reason}; restore it from a backup, or " <>
      "delete it"
  end

  defp line(:damaged, %{path: path, file: file, reason: reason}) do
    "the recording file #{path}/#{file} can't be read: #{reason}; restore it, or see " <>
      "PhoenixReplay.Native.repair/2"
  end

  defp line(:index_damaged, %{path: path, file: file, reason: reason}),
    do: "#{path}/#{file} is damaged and is made anew: #{reason}; nothing is lost"

  defp line(:failed, %{attempt: attempt, id: id, path: path, retry?: retry?} = facts) do
    again = if retry?, do: "tried again", else: "tried again at the next start"

    "recording #{id(id)} could not be saved in #{path}, attempt #{attempt}: #{why(facts)}; " <>
      "it is kept and #{again}"
  end

  defp line(:set_aside, %{path: path, file: file, reason: reason}),
    do: "#{path}/#{file} can't be read and is left out: #{reason}"

  defp line(:not_erased, %{path: path} = facts) do
    "recordings in #{path} that an earlier run, or another node, was erasing could not be " <>
      "erased: #{why(facts)}; it is tried again"
  end

  defp line(:not_started, %{id: id, path: path} = facts),
    do: "recording #{id(id)} can't be started#{within(path)}: #{why(facts)}"

  defp line(:unreadable, %{id: id, path: path} = facts),
    do: "can't read recording #{id(id)}#{within(path)}: #{why(facts)}"

  defp line(:refused, %{step: step, path: path} = facts),
    do: "can't #{Keyword.fetch!(@steps, step)}#{at(step, path)}: #{why(facts)}"

  defp line(:not_recorded, %{why: why}),
    do: "not all of a session can be recorded: #{why}; repair the :sanitizer"

  defp line(:no_subject, %{why: why}),
    do: "whom a session belongs to can't be told: #{why}; repair the function of :subject"

  defp line(:not_loaded, %{why: why}),
    do: "#{reason({:not_loaded, why})}"

  defp at(:open, path), do: " #{path}"
  defp at(_step, path), do: within(path)

  # Where options are wrong there is none.
  defp within(nil), do: ""
  defp within(path), do: " in #{path}"

  # What the system refused is told by the engine, with the step and the file.
  defp why(%{detail: detail, reason: reason}), do: join(detail, advice(reason))
  defp why(%{reason: reason}), do: reason(reason)

  defp waiting(%{pending_uploads: pending}) do
    wait = if pending == 1, do: "waits", else: "wait"
    "it is tried again, and #{recordings(pending)} #{wait} to be uploaded"
  end

  # Ids come from outside; a long one must not flood the log.
  defp id(id) when is_binary(id) and byte_size(id) > 64,
    do: inspect(binary_part(id, 0, 64) <> "…")

  defp id(id) when is_binary(id), do: inspect(id)
  defp id(_other), do: "without a proper id"

  defp recordings(1), do: "1 recording"
  defp recordings(count), do: "#{count} recordings"
  defp are(count), do: if(count == 1, do: "is", else: "are")
  defp were(count), do: if(count == 1, do: "was", else: "were")

  @doc "A reason as a sentence: what is wrong and, behind a semicolon, what to do."
  @spec reason(Error.reason() | term()) :: String.t()
  def reason(reason), do: join(what(reason), advice(reason))

  defp join(what, nil), do: what
  defp join(what, advice), do: what <> "; " <> advice

  defp what(:not_found), do: "no recording has this id"
  defp what(:too_large), do: "the recording is larger than :max_recording_bytes allows"
  defp what(:badarg), do: "the native library does not take an argument like this"
  defp what(:panicked), do: "the native library failed; this is a bug, please report it"
  defp what({:not_loaded, text}), do: "the native library is not loaded: #{text}"
  defp what({:in_flight, 1}), do: "a recording is running in the directory, or is not saved yet"

  defp what({:in_flight, count}),
    do: "#{count} recordings are running in the directory, or are not saved yet"

  defp what({:remote, :unavailable}), do: "the bucket can't be reached"
  defp what({:remote, :throttled}), do: "the bucket has too much to do"
  defp what({:remote, :denied}), do: "the bucket refuses access"
  defp what({:remote, :no_bucket}), do: "there is no such bucket"
  defp what({:remote, :not_found}), do: "the recording is no longer in the bucket"

  defp what({:remote, :too_large}),
    do: "the recording in the bucket is larger than :max_recording_bytes allows"

  defp what({:remote, _invalid}), do: "the bucket's answer makes no sense"
  defp what({:unsupported, :remote}), do: "the native library was built without buckets"
  defp what(:closed), do: "the directory was closed"
  defp what(:ended), do: "the recording has ended"
  defp what(:max_events), do: "the recording has reached :max_events"
  defp what(:already_active), do: "a recording with this id is being made"
  defp what(:has_subject), do: "the recording belongs to somebody else already"

  defp what(:invalid_subject),
    do: "a subject is a binary of 1 to 255 bytes or an integer of 64 bits"

  defp what(:id_changed), do: "a recording can't be given another id"
  defp what(:invalid_result), do: "the function must return {:ok, recording}, :keep or :drop"
  defp what(:changed), do: "the recording was changed by others each time that it was read"
  defp what({:raised, what}), do: "the function failed: #{inspect(what)}"

  defp what({:wrong_storage, backend}),
    do: "the configured storage is #{inspect(backend)}, not PhoenixReplay.Storage.Native"

  defp what({:damaged, file}), do: "the file #{file} is damaged"

  defp what({:invalid_recording, :struct}),
    do: "what is to be saved is no %PhoenixReplay.Recording{}"

  defp what({:invalid_recording, field}), do: "the recording's #{field} can't be stored"
  defp what({:malformed, offset}), do: "not External Term Format, at byte #{offset}"
  defp what({:refused, offset}), do: "the bytes at #{offset} are not a term"

  defp what({:unknown_atom, view}) do
    recording = if view in [nil, ""], do: "the recording", else: "the recording of #{view}"

    recording <>
      " mentions an atom that this system does not have: " <>
      "the code that made it is not loaded here, or has changed since"
  end

  defp what({:unknown_options, keys, known}),
    do: "unknown #{kind(known)} #{inspect(keys)}, known are #{inspect(known)}"

  defp what({:invalid_option, key, expected}) do
    option = if key in [:storage_opts | Options.keys()], do: "storage option", else: "option"
    "the #{option} #{inspect(key)} must be #{expected}"
  end

  defp what({:unknown_filters, keys, known}),
    do: "unknown filters #{inspect(keys)}, known are #{inspect(known)}"

  defp what({:invalid_filter, key, expected}),
    do: "the filter #{inspect(key)} must be #{expected}"

  defp what({:unknown_page_keys, keys, known}),
    do: "unknown keys of the page #{inspect(keys)}, known are #{inspect(known)}"

  defp what({:invalid_page, key, expected}), do: "the page's #{inspect(key)} must be #{expected}"

  defp what({:page_keys_among_filters, keys}) do
    "not a filter, but of the page, the second argument of query/3: " <>
      Enum.map_join(keys, ", ", &inspect/1)
  end

  defp what(:invalid_cursor), do: "the cursor is damaged, or of a query with another :sort"
  defp what(:no_filters), do: "a filter is needed that does not match everything"

  defp what(posix) when is_atom(posix) do
    case :file.format_error(posix) do
      ~c"unknown POSIX error" ++ _ -> inspect(posix)
      text -> to_string(text)
    end
  end

  defp what(other), do: inspect(other)

  defp kind(known), do: if(known == Options.keys(), do: "storage options", else: "options")

  # What to do where that does not follow from what is wrong.
  defp advice(:not_found), do: "PhoenixReplay.Native.query/3 finds those that there are"
  defp advice(:too_large), do: "raise it to read or save this one"
  defp advice(:badarg), do: "see the documentation of the function"
  defp advice({:not_loaded, _text}), do: "nothing is recorded or read without it: build it here"
  defp advice({:in_flight, _count}), do: "close it when they have ended"
  defp advice({:remote, :unavailable}), do: "what is here is served, and what is there later"
  defp advice({:remote, :throttled}), do: "call again later"
  defp advice({:remote, :denied}), do: "see its keys, their rights, and the :region"
  defp advice({:remote, :no_bucket}), do: "make it, or repair :remote"
  defp advice({:remote, :too_large}), do: "raise it to read this one"
  defp advice({:remote, :invalid}), do: "see the :endpoint"

  defp advice({:unsupported, :remote}) do
    "set config :phoenix_replay_native, remote: true and compile this package anew: " <>
      "mix deps.compile phoenix_replay_native --force"
  end

  defp advice(:closed), do: "call again"
  defp advice(:max_events), do: "raise it for the recordings to come"
  defp advice(:already_active), do: "end that one first, or take another id"
  defp advice(:changed), do: "call again"
  defp advice({:wrong_storage, _backend}), do: "configure :storage of :phoenix_replay"

  defp advice({:damaged, _file}),
    do: "PhoenixReplay.Native.verify/2 says why, and repair/2 moves it away"

  defp advice({:unknown_atom, _view}),
    do: "PhoenixReplay.Native.get/3 reads it with unknown_atoms: :strings"

  defp advice({:unknown_options, keys, known}) do
    if known != Options.keys() and Enum.any?(keys, &(&1 in Options.keys())),
      do: "storage options are the last argument"
  end

  defp advice(:no_filters), do: "PhoenixReplay.Storage.Native.clear/1 deletes everything"
  defp advice(:invalid_cursor), do: "begin with the first page"
  defp advice(:enospc), do: "make space: what could not be saved is kept, and saved then"
  defp advice(:edquot), do: "make space, or raise the quota of the system's user"

  defp advice(denied) when denied in [:eacces, :eperm],
    do: "give the system's user rights there"

  defp advice(:erofs), do: "mount it so that it can be written, or use another :path"
  defp advice(:enotdir), do: "a part of the :path is a file: use another one"

  defp advice(too_many) when too_many in [:emfile, :enfile],
    do: "raise the limit of open files (ulimit -n)"

  defp advice(:eio), do: "the disk or its connection fails: see the log of the kernel"
  defp advice(_other), do: nil
end
