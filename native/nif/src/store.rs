//! Finished recordings: the calls behind `PhoenixReplay.Storage.Native`, and those about a
//! directory as a whole.

use std::time::{Duration, Instant};

use replay_etf::{AtomText, Limits, Replaced, json, recording};
use replay_store::{Filter, Format, Recording, Sort};
use rustler::types::atom::ok;
use rustler::{Atom, Binary, Encoder, Env, NifResult, NifUnitEnum, Term};

use crate::directories::{Opened, Settled};
use crate::encode::Effort;
use crate::errors::Failure;
use crate::later::later;
use crate::options::{format_name, format_of};
use crate::subject::Subject;
use crate::terms::binary;
use crate::workers::{READING, WAITING};
use crate::{buffer, decode, encode, vm};

mod atoms {
    rustler::atoms! { elsewhere }
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_save<'a>(
    env: Env<'a>,
    handle: Opened,
    recording: Term<'a>,
    format: Atom,
    subject: Option<Subject>,
) -> NifResult<Term<'a>> {
    let format = format_of(format)?;
    let subject = subject.map(|Subject(known)| known);
    let saved = encode::lend(recording, handle.limits.max_bytes, Effort::Any, |etf| {
        let saved = handle.store.save_for(etf, format, subject);
        saved.map_err(Failure::from)
    });
    Ok(done(env, saved.map_err(Failure::from).flatten()))
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_read<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>, replaced: Replacing) -> Term<'a> {
    // A recording in flight is newer than any file of it. One that is saved
    // between the two looks is found by the second.
    let in_flight = handle
        .store
        .active(&id)
        .and_then(|recording| as_shown(env, &recording, &handle.limits));
    if let Some((etf, limits)) = in_flight {
        return match etf_to_term(env, &etf, &limits, replaced.into()) {
            Ok(recording) => (ok(), recording).encode(env),
            Err(failure) => failure.encode(env),
        };
    }
    // No scheduler waits for a bucket.
    if handle.link.as_ref().is_some_and(|link| !link.is_near(&id)) {
        return atoms::elsewhere().encode(env);
    }
    let read = handle.store.read_with(&id, |format, bytes| {
        content_to_term(env, format, bytes, &handle.limits, replaced.into())
    });
    match read.map_err(Failure::from).flatten() {
        Ok(recording) => (ok(), recording).encode(env),
        Err(failure) => failure.encode(env),
    }
}

/// The content of a recording that `store_read` says is `:elsewhere`: `:later`, and then
/// `{:replay_done, {:ok, {format, content}} | {:error, reason}}`.
#[rustler::nif]
fn store_fetch<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>) -> Term<'a> {
    let id = id.to_vec();
    let job = move || handle.store.read_with(&id, copied);
    later(env, &READING, job, |env, fetched| match fetched {
        Ok(content) => (ok(), content_term(env, &content)).encode(env),
        Err(error) => Failure::from(error).encode(env),
    })
}

/// What was fetched, copied once more than it need be, into what Elixir can hold: the network took
/// longer.
pub fn copied(format: Format, bytes: &[u8]) -> (Format, Vec<u8>) {
    (format, bytes.to_vec())
}

/// What was [`copied`], for `store_decode`.
pub fn content_term<'a>(env: Env<'a>, (format, bytes): &(Format, Vec<u8>)) -> Term<'a> {
    (format_name(*format), binary(env, bytes)).encode(env)
}

/// The recording whose content was fetched.
#[rustler::nif(schedule = "DirtyCpu")]
fn store_decode<'a>(
    env: Env<'a>,
    handle: Opened,
    format: Atom,
    content: Binary<'a>,
    replaced: Replacing,
) -> NifResult<Term<'a>> {
    let (format, limits) = (format_of(format)?, &handle.limits);
    Ok(
        match content_to_term(env, format, &content, limits, replaced.into()) {
            Ok(recording) => (ok(), recording).encode(env),
            Err(failure) => failure.encode(env),
        },
    )
}

/// Waits until the bucket has all that it is to have: `:later`, and then `{:replay_done, left}` with
/// how many uploads are left when the time is over. 0 at once where there is no bucket.
#[rustler::nif]
fn store_upload(env: Env<'_>, handle: Opened, timeout_ms: u64) -> Term<'_> {
    if handle.link.is_none() {
        return 0.encode(env);
    }
    let (timeout, called) = (Duration::from_millis(timeout_ms), Instant::now());
    let job = move || {
        let left = timeout.saturating_sub(called.elapsed());
        handle.link.as_ref().map_or(0, |link| link.drain(left))
    };
    later(env, &WAITING, job, |env, left| left.encode(env))
}

/// A recording in flight as it is now. One that has ended, and will be saved as
/// JSON, has been through that: it must not change its shape when it is saved.
///
/// With it come the limits within which it can be read.
fn as_shown(env: Env<'_>, recording: &Recording, limits: &Limits) -> Option<(Vec<u8>, Limits)> {
    let etf = recording.snapshot().ok()?;
    if !recording.has_ended() || recording.format() != Format::Json {
        return Some((etf, *limits));
    }
    let vm = vm::Env::of(env);
    let exists = |text: &str| decode::existing_atom(vm, AtomText::Utf8(text)).is_some();
    let (mut text, mut shown) = (Vec::new(), Vec::new());
    let through = json::encode(&etf, limits, &mut text).is_ok()
        && json::decode(&text, &json::text_limits(limits), &exists, &mut shown).is_ok();
    // What can't be saved like this is shown as it is.
    Some(if through {
        (shown, json::term_limits(limits))
    } else {
        (etf, *limits)
    })
}

/// What a file holds.
pub fn content_to_term<'a>(
    env: Env<'a>,
    format: Format,
    bytes: &[u8],
    limits: &Limits,
    replaced: Replaced,
) -> Result<Term<'a>, Failure> {
    match format {
        Format::Etf => etf_to_term(env, bytes, limits, replaced),
        Format::Json => json_to_term(env, bytes, limits),
    }
}

fn json_to_term<'a>(env: Env<'a>, text: &[u8], limits: &Limits) -> Result<Term<'a>, Failure> {
    let vm = vm::Env::of(env);
    let exists = |text: &str| decode::existing_atom(vm, AtomText::Utf8(text)).is_some();
    let mut etf = buffer::take();
    etf.clear();
    let decoded =
        json::decode(text, &json::text_limits(limits), &exists, &mut etf).map_err(Failure::from);
    let term = decoded
        .and_then(|()| etf_to_term(env, &etf, &json::term_limits(limits), Replaced::Functions));
    buffer::keep(etf);
    term
}

/// What is replaced of what this VM does not have, under its name in Elixir: functions and atoms
/// only on request, as loading their code may bring them.
#[derive(Clone, Copy, NifUnitEnum)]
pub enum Replacing {
    Identifiers,
    Functions,
    All,
}

impl From<Replacing> for Replaced {
    fn from(replacing: Replacing) -> Self {
        match replacing {
            Replacing::Identifiers => Replaced::Identifiers,
            Replacing::Functions => Replaced::Functions,
            Replacing::All => Replaced::All,
        }
    }
}

pub fn etf_to_term<'a>(
    env: Env<'a>,
    etf: &[u8],
    limits: &Limits,
    replaced: Replaced,
) -> Result<Term<'a>, Failure> {
    decode::from_slice(env, etf, limits, replaced).map_err(|error| match error {
        // The view tells the caller which code might bring the atom.
        decode::Error::UnknownAtom { .. } | decode::Error::UnknownFunction { .. } => {
            Failure::UnknownAtom(
                recording::summarize(etf, limits)
                    .ok()
                    .map(|it| it.view.inspected().into_owned()),
            )
        }
        other => other.into(),
    })
}

/// The ids of all recordings that have ended, newest first.
#[rustler::nif(schedule = "DirtyIo")]
fn store_ids(env: Env<'_>, handle: Settled) -> Term<'_> {
    let ended = Filter {
        active: Some(false),
        ..Filter::default()
    };
    match handle.store.query(&ended, Sort::Newest, usize::MAX, None) {
        Ok(page) => {
            let ids: Vec<_> = page
                .items
                .iter()
                .map(|item| binary(env, item.id()))
                .collect();
            (ok(), ids).encode(env)
        }
        Err(error) => Failure::from(error).encode(env),
    }
}

/// Number of recordings that are in their files. Where others put some into the bucket as well, of
/// those that were saved here.
#[rustler::nif(schedule = "DirtyIo")]
fn store_count(handle: Settled) -> u64 {
    if handle.link.is_some() {
        return handle.store.stats().map_or(0, |stats| stats.counts.saved);
    }
    handle
        .store
        .list()
        .map_or(0, |entries| entries.len() as u64)
}

/// The same as it is known, or 0 if that can't be told without waiting.
#[rustler::nif]
fn store_count_hint(handle: Opened) -> usize {
    handle.store.count_hint().unwrap_or(0)
}

/// Waits until what has ended is saved, and returns how many recordings are
/// left when the time is over.
#[rustler::nif(schedule = "DirtyIo")]
fn store_drain(handle: Opened, timeout_ms: u64) -> usize {
    handle.store.drain(Duration::from_millis(timeout_ms)).left
}

/// Saves what is still being recorded, as it is, and returns how many
/// recordings are left when the time is over.
#[rustler::nif(schedule = "DirtyIo")]
fn store_checkpoint(handle: Opened, timeout_ms: u64) -> usize {
    handle
        .store
        .checkpoint(Duration::from_millis(timeout_ms))
        .left
}

/// `{bytes in use, bytes of all segments}` of the slab.
#[rustler::nif]
fn store_slab(handle: Opened) -> (usize, usize) {
    let usage = handle.store.usage();
    (usage.used, usage.total)
}

/// Gives back the slab's segments that are free.
#[rustler::nif(schedule = "DirtyIo")]
fn store_trim(handle: Opened) -> Atom {
    handle.store.trim(Duration::ZERO);
    ok()
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_delete<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>) -> Term<'a> {
    done(env, handle.store.delete(&id).map_err(Failure::from))
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_clear(env: Env<'_>, handle: Opened) -> Term<'_> {
    done(env, handle.store.clear().map_err(Failure::from))
}

/// `[{file, reason}]` of the damage found since the last call.
#[rustler::nif(schedule = "DirtyIo")]
fn store_take_damage(handle: Opened) -> Vec<(String, String)> {
    handle
        .store
        .take_damage()
        .into_iter()
        .map(|damage| (damage.file, damage.reason))
        .collect()
}

fn done(env: Env<'_>, result: Result<(), Failure>) -> Term<'_> {
    match result {
        Ok(()) => ok().encode(env),
        Err(failure) => failure.explained(env),
    }
}
