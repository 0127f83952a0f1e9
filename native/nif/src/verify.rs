//! Checking and repairing: the calls behind `PhoenixReplay.Native.Verify`.

use replay_store::{Damage, Verified};
use rustler::types::atom::ok;
use rustler::{Atom, Binary, Encoder, Env, Term};

use crate::directories::{Opened, Settled};
use crate::errors::Failure;
use crate::terms::{Items, binary};

/// `{:ok, names}` of all files that are to hold recordings.
#[rustler::nif(schedule = "DirtyIo")]
fn verify_files(env: Env<'_>, handle: Settled) -> Term<'_> {
    match handle.store.recording_files() {
        Ok(files) => {
            let files: Vec<_> = files.iter().map(|file| binary(env, file)).collect();
            (ok(), files).encode(env)
        }
        Err(error) => Failure::from(error).encode(env),
    }
}

/// `{checked, damaged, quarantined}` of the first of these files, as many as
/// can be checked in a short while; the lists have pairs of file and reason.
#[rustler::nif(schedule = "DirtyIo")]
fn verify_batch<'a>(
    env: Env<'a>,
    handle: Opened,
    files: Items<Binary<'a>>,
    repair: bool,
) -> Term<'a> {
    let files: Vec<&[u8]> = files.0.iter().map(Binary::as_slice).collect();
    let Verified {
        checked,
        damaged,
        quarantined,
        ..
    } = if repair {
        handle.store.repair(&files)
    } else {
        handle.store.verify(&files)
    };
    (checked, pairs(damaged), pairs(quarantined)).encode(env)
}

/// Writes the index on disk anew.
#[rustler::nif(schedule = "DirtyIo")]
fn verify_rebuild(env: Env<'_>, handle: Opened) -> Term<'_> {
    match handle.store.rebuild_index() {
        Ok(()) => Atom::encode(&ok(), env),
        Err(error) => Failure::from(error).encode(env),
    }
}

/// Each as `{file, reason}`.
pub fn pairs(damage: Vec<Damage>) -> Vec<(String, String)> {
    let pairs = damage.into_iter();
    pairs.map(|it| (it.file, it.reason)).collect()
}
