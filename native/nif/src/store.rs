//! Finished recordings: the calls behind `PhoenixReplay.Storage.Native`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use once_cell::sync::OnceCell;
use parking_lot::Mutex;
use replay_etf::{AtomText, Limits, json, recording};
use replay_store::{Format, Options, Store};
use rustler::types::atom::ok;
use rustler::{Atom, Binary, Encoder, Env, NewBinary, NifResult, Resource, ResourceArc, Term};

use crate::errors::Failure;
use crate::summary::Summaries;
use crate::{decode, encode, vm};

mod atoms {
    rustler::atoms! { etf, json }
}

/// An open recording directory, as Elixir holds it.
pub struct Handle {
    store: Store,
    limits: Limits,
}

#[rustler::resource_impl]
impl Resource for Handle {}

type Opened = ResourceArc<Handle>;

/// The directories that are open in this VM. One is opened once, by whoever
/// asks first, while others who want the same one wait for it.
static OPEN: Mutex<Option<HashMap<PathBuf, Arc<OnceCell<Opened>>>>> = Mutex::new(None);

fn open(path: &Path, options: Options) -> Result<Opened, Failure> {
    let cell = {
        let mut open = OPEN.lock();
        Arc::clone(
            open.get_or_insert_default()
                .entry(path.to_path_buf())
                .or_default(),
        )
    };
    let limits = options.limits;
    let opened = cell.get_or_try_init(|| {
        let store = Store::open(path, options)?;
        Ok::<_, Failure>(ResourceArc::new(Handle { store, limits }))
    })?;
    Ok(opened.clone())
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_open<'a>(
    env: Env<'a>,
    path: Binary<'a>,
    gzip_level: i32,
    max_recording_bytes: usize,
) -> Term<'a> {
    let limits = Limits {
        max_bytes: max_recording_bytes,
        ..Limits::default()
    };
    let options = Options {
        gzip_level,
        limits,
        ..Options::default()
    };
    match open(path_of(&path), options) {
        Ok(handle) => (ok(), handle).encode(env),
        Err(failure) => failure.encode(env),
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_save<'a>(
    env: Env<'a>,
    handle: Opened,
    recording: Term<'a>,
    format: Atom,
) -> NifResult<Term<'a>> {
    let format = if format == atoms::etf() {
        Format::Etf
    } else if format == atoms::json() {
        Format::Json
    } else {
        return Err(rustler::Error::BadArg);
    };
    let saved = encode::lend(recording, handle.limits.max_bytes, |etf| {
        handle.store.save(etf, format).map_err(Failure::from)
    });
    Ok(done(env, saved.map_err(Failure::from).flatten()))
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_read<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>) -> Term<'a> {
    let read = handle.store.read_with(&id, |format, bytes| match format {
        Format::Etf => etf_to_term(env, bytes, &handle.limits),
        Format::Json => json_to_term(env, bytes, &handle.limits),
    });
    match read.map_err(Failure::from).flatten() {
        Ok(recording) => (ok(), recording).encode(env),
        Err(failure) => failure.encode(env),
    }
}

fn json_to_term<'a>(env: Env<'a>, text: &[u8], limits: &Limits) -> Result<Term<'a>, Failure> {
    let vm = vm::Env::of(env);
    let exists = |text: &str| decode::existing_atom(vm, AtomText::Utf8(text)).is_some();
    let mut etf = Vec::new();
    json::decode(text, limits, &exists, &mut etf)?;
    etf_to_term(env, &etf, limits)
}

fn etf_to_term<'a>(env: Env<'a>, etf: &[u8], limits: &Limits) -> Result<Term<'a>, Failure> {
    decode::from_slice(env, etf, limits).map_err(|error| match error {
        // The view tells the caller which code might bring the atom.
        decode::Error::UnknownAtom { .. } => Failure::UnknownAtom(
            recording::summarize(etf, limits)
                .ok()
                .map(|it| it.view.inspected().into_owned()),
        ),
        other => other.into(),
    })
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_ids(env: Env<'_>, handle: Opened) -> Term<'_> {
    match handle.store.list() {
        Ok(entries) => {
            let ids: Vec<_> = entries.iter().map(|entry| binary(env, &entry.id)).collect();
            (ok(), ids).encode(env)
        }
        Err(error) => Failure::from(error).encode(env),
    }
}

#[rustler::nif(schedule = "DirtyIo")]
fn store_summaries(env: Env<'_>, handle: Opened) -> Term<'_> {
    match handle.store.list() {
        Ok(entries) => (ok(), Summaries::list(env, &entries)).encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
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
#[rustler::nif]
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
        Err(failure) => failure.encode(env),
    }
}

fn binary<'a>(env: Env<'a>, bytes: &[u8]) -> Term<'a> {
    let mut new = NewBinary::new(env, bytes.len());
    new.as_mut_slice().copy_from_slice(bytes);
    new.into()
}
