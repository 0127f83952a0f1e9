defmodule PhoenixReplay.Native.Rewrite do
  @moduledoc false
  # Changes recordings one by one, by a function of the caller's, which runs in
  # his process. See `PhoenixReplay.Native.rewrite/4`.

  alias PhoenixReplay.Native.{
    Awaited,
    Directories,
    Error,
    Filter,
    Nif,
    Progress,
    Reading,
    Refusal
  }

  alias PhoenixReplay.Native.{Search, Views}
  alias PhoenixReplay.Recording

  # How often a recording is read that others change meanwhile.
  @tries 5

  @fields [:id, :view, :url, :params, :session, :connected_at, :events]

  @type result :: %{
          rewritten: non_neg_integer(),
          dropped: non_neg_integer(),
          kept: non_neg_integer(),
          failed: [%{id: binary(), reason: Error.reason()}],
          in_flight: [binary()]
        }

  @spec run(keyword(), function(), keyword(), keyword()) ::
          {:ok, result()} | {:error, Error.reason()}
  def run(filters, fun, options, opts) do
    with {:ok, filter} <- Filter.new(filters),
         :ok <- function(fun),
         {:ok, progress} <- Progress.new(options),
         {:ok, {number, begun, ids, in_flight}} <- on(opts, &matching(&1, filter)) do
      begun = {number, begun}
      result = %{rewritten: 0, dropped: 0, kept: 0, failed: [], in_flight: in_flight}

      try do
        each(ids, result, &change(&1, fun, opts, @tries), progress)
      catch
        # By `progress`, say. What was done is completed all the same.
        kind, reason ->
          finish(begun, opts)
          :erlang.raise(kind, reason, __STACKTRACE__)
      else
        result -> with :ok <- finish(begun, opts), do: {:ok, result}
      end
    end
  end

  # Until here what was begun is held: a process that is killed ends it all the same.
  defp finish({number, _begun}, opts), do: on(opts, &Nif.rewrite_end(&1, number))

  # Each call by itself: a directory that is closed while the function works is
  # opened again, and no recording is changed twice for that.
  defp on(opts, call) do
    result = Directories.run(opts, fn directory, _format -> call.(directory) end)
    Refusal.log(result, :rewrite)
  end

  defp matching(directory, filter) do
    if Search.needed?(directory, filter) do
      with {:ok, search} <- Search.run(directory, filter, Progress.none()),
           do: Nif.search_rewrite(directory, search)
    else
      Nif.rewrite_begin(directory, filter)
    end
  end

  defp function(fun) when is_function(fun, 1), do: :ok
  defp function(_), do: {:error, {:invalid_option, :fun, "a function of one argument"}}

  defp each(ids, result, change, progress) do
    total = length(ids)

    {result, _checked, _failed} =
      Enum.reduce(ids, {result, 0, 0}, fn id, {result, checked, failed} ->
        {result, failed} = note(change.(id), id, result, failed)
        progress.(%{checked: checked + 1, total: total, failed: failed})
        {result, checked + 1, failed}
      end)

    %{result | failed: Enum.reverse(result.failed)}
  end

  defp note({:failed, reason}, id, result, failed),
    do: {%{result | failed: [%{id: id, reason: reason} | result.failed]}, failed + 1}

  defp note(:in_flight, id, result, failed),
    do: {%{result | in_flight: [id | result.in_flight]}, failed}

  # Others deleted it.
  defp note(:gone, _id, result, failed), do: {result, failed}
  defp note(done, _id, result, failed), do: {Map.update!(result, done, &(&1 + 1)), failed}

  defp change(_id, _fun, _opts, 0), do: {:failed, :changed}

  defp change(id, fun, opts, tries) do
    case read(id, opts) do
      {:ok, fields, version} ->
        recording = Reading.recording(fields)

        with {:do, call, done} <- wanted(call(fun, recording), recording, id, version) do
          case on(opts, call) do
            :ok -> done
            :changed -> change(id, fun, opts, tries - 1)
            {:error, reason} -> {:failed, reason}
          end
        end

      :in_flight ->
        :in_flight

      {:error, :not_found} ->
        :gone

      {:error, reason} ->
        {:failed, reason}
    end
  end

  defp read(id, opts) do
    with {:error, {:unknown_atom, view}} <- on(opts, &read(&1, id, :identifiers)) do
      Views.load(view)
      on(opts, &read(&1, id, :functions))
    end
  end

  defp read(directory, id, replaced) do
    with :elsewhere <- Nif.rewrite_read(directory, id, replaced),
         {:ok, {format, content}, version} <-
           Awaited.answer(fn -> Nif.rewrite_fetch(directory, id) end),
         {:ok, fields} <- Nif.store_decode(directory, format, content, replaced),
         do: {:ok, fields, version}
  end

  defp call(fun, recording) do
    fun.(recording)
  rescue
    error -> {:raised, error.__struct__}
  catch
    kind, _reason -> {:raised, kind}
  end

  # What is to be done, and what it is called then.
  defp wanted(result, recording, id, version) do
    case result do
      :keep -> :kept
      {:ok, ^recording} -> :kept
      :drop -> {:do, &Nif.rewrite_drop(&1, id, version), :dropped}
      {:ok, %Recording{id: ^id} = changed} -> save(changed, id, version)
      {:ok, %Recording{}} -> {:failed, :id_changed}
      {:raised, what} -> {:failed, {:raised, what}}
      _other -> {:failed, :invalid_result}
    end
  end

  defp save(changed, id, version) do
    fields = Map.take(changed, @fields)
    {:do, &Nif.rewrite_save(&1, id, fields, version), :rewritten}
  end
end
