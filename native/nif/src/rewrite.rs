//! Changing recordings: the calls behind `PhoenixReplay.Native.rewrite/4`.

use replay_store::{Error as StoreError, Rewriting, Stamp, Version};
use rustler::types::atom::ok;
use rustler::{Binary, Encoder, Env, NifTuple, Term};

use crate::directories::{Directory, Opened, Settled};
use crate::encode::{self, Effort};
use crate::errors::Failure;
use crate::filter::Filter;
use crate::later::later;
use crate::resource::{Held, Kept, Kind};
use crate::store::{Replacing, content_term, content_to_term, copied};
use crate::terms::binary;
use crate::workers::{OPENING, READING};

mod atoms {
    rustler::atoms! { changed, elsewhere, in_flight }
}

/// A version of a recording, as Elixir hands it back: file, size, time and inode.
#[derive(NifTuple)]
#[rustler(decode)]
struct Read<'a>(Binary<'a>, u64, i64, u64);

impl From<&Read<'_>> for Version {
    fn from(Read(file, len, modified_ns, inode): &Read<'_>) -> Self {
        Version {
            file: file.as_slice().into(),
            stamp: Stamp {
                len: *len,
                modified_ns: *modified_ns,
                inode: *inode,
            },
        }
    }
}

/// Ends what its process began, and did not end because it was killed: until then, what the
/// recordings were before is in the index on the disk.
pub struct Begun {
    directory: &'static Directory,
    number: u64,
}

impl Held for Begun {
    const NAME: &'static str = "rewriting";

    fn kind() -> &'static Kind {
        static KIND: Kind = Kind::new();
        &KIND
    }

    fn let_go(self) {
        // Without a thread for it, or if the directory is closed, it is for its next start.
        let _ = OPENING.run(move || {
            if let Some(opened) = self.directory.lend() {
                let _ = opened.store.abandon_rewriting(self.number);
            }
        });
    }
}

/// `{:ok, {number, begun, ids, in_flight}}`, of which the caller holds on to `begun` until it has
/// ended it.
#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_begin(env: Env<'_>, handle: Settled, filter: Filter) -> Term<'_> {
    begun(env, &handle, handle.store.begin_rewriting(&filter.0))
}

/// What has begun, as [`rewrite_begin`] returns it.
pub fn begun<'a>(
    env: Env<'a>,
    handle: &Opened,
    rewriting: Result<Rewriting, StoreError>,
) -> Term<'a> {
    match rewriting {
        Ok(Rewriting {
            number,
            ids,
            in_flight,
        }) => {
            let directory = handle.directory();
            // If there is none, dropping it has ended what was begun.
            let Some(begun) = Kept::new(Begun { directory, number }) else {
                return Failure::out_of_memory().encode(env);
            };
            let terms = |ids: &[Box<[u8]>]| -> Vec<Term<'_>> {
                ids.iter().map(|id| binary(env, id)).collect()
            };
            (ok(), (number, begun, terms(&ids), terms(&in_flight))).encode(env)
        }
        Err(error) => Failure::from(error).explained(env),
    }
}

/// `{:ok, recording, version}`, or `:in_flight`; `:elsewhere` where no scheduler waits for it.
#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_read<'a>(
    env: Env<'a>,
    handle: Settled,
    id: Binary<'a>,
    replaced: Replacing,
) -> Term<'a> {
    if handle.link.as_ref().is_some_and(|link| !link.is_near(&id)) {
        return atoms::elsewhere().encode(env);
    }
    let read = handle.store.read_version(&id, |format, bytes| {
        content_to_term(env, format, bytes, &handle.limits, replaced.into())
    });
    match read {
        Ok(Some((version, Ok(recording)))) => {
            (ok(), recording, version_term(env, &version)).encode(env)
        }
        Ok(Some((_, Err(failure)))) => failure.encode(env),
        Ok(None) => atoms::in_flight().encode(env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// The content of one that `rewrite_read` says is `:elsewhere`, as `store_fetch`, with its version:
/// `{:ok, {format, content}, version}`, or `:in_flight`.
#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_fetch<'a>(env: Env<'a>, handle: Settled, id: Binary<'a>) -> Term<'a> {
    let (handle, id) = (handle.opened(), id.to_vec());
    let job = move || handle.store.read_version(&id, copied);
    later(env, &READING, job, |env, fetched| match fetched {
        Ok(Some((version, content))) => {
            let content = content_term(env, &content);
            (ok(), content, version_term(env, &version)).encode(env)
        }
        Ok(None) => atoms::in_flight().encode(env),
        Err(error) => Failure::from(error).encode(env),
    })
}

/// A version as Elixir holds it, for [`Read`].
fn version_term<'a>(env: Env<'a>, Version { file, stamp }: &Version) -> Term<'a> {
    let file = binary(env, file);
    (file, stamp.len, stamp.modified_ns, stamp.inode).encode(env)
}

/// `:ok`, or `:changed` if it is another version by now.
#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_save<'a>(
    env: Env<'a>,
    handle: Opened,
    id: Binary<'a>,
    recording: Term<'a>,
    version: Read<'a>,
) -> Term<'a> {
    let saved = encode::lend(recording, handle.limits.max_bytes, Effort::Any, |etf| {
        let saved = handle.store.rewrite(&id, etf, &Version::from(&version));
        saved.map_err(Failure::from)
    });
    unless_changed(env, saved.map_err(Failure::from).flatten())
}

/// As [`rewrite_save`].
#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_drop<'a>(env: Env<'a>, handle: Opened, id: Binary<'a>, version: Read<'a>) -> Term<'a> {
    let deleted = handle.store.delete_version(&id, &Version::from(&version));
    unless_changed(env, deleted.map_err(Failure::from))
}

#[rustler::nif(schedule = "DirtyIo")]
fn rewrite_end(env: Env<'_>, handle: Opened, number: u64) -> Term<'_> {
    match handle.store.end_rewriting(number) {
        Ok(()) => ok().encode(env),
        Err(error) => Failure::from(error).explained(env),
    }
}

fn unless_changed(env: Env<'_>, done: Result<bool, Failure>) -> Term<'_> {
    match done {
        Ok(true) => ok().encode(env),
        Ok(false) => atoms::changed().encode(env),
        Err(failure) => failure.explained(env),
    }
}
