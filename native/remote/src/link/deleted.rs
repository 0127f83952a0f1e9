//! Deletions that are noted here are made known to all and done in the bucket.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use replay_store::{Object, file_stem};

use super::away::Access;
use super::carry::carry_out;
use super::shared::{Shared, key_of};
use super::{random_tag, rows};
use crate::fault::{Fault, FaultKind};
use crate::gone::Gone;
use crate::key::Key;

/// Deletions at once.
const AT_ONCE: usize = 16;

/// Makes known what is noted, deletes what nobody needs any more, and then removes the notes.
/// `told` are the notes that have been made known.
///
/// # Errors
///
/// Why some of it could not be done.
pub(super) fn bury(shared: &Shared, told: &mut HashMap<Box<[u8]>, Key>) -> Result<(), Fault> {
    if !shared.away.pause(&[Access::Put]).is_zero() {
        return Ok(());
    }
    let has_right = shared.has_right();
    let all_told = tell_all(shared, told);
    // What this disk does not delete is held back by itself.
    if has_right && all_told.is_ok() && !shared.is_heir.swap(true, Relaxed) {
        shared.to_upload.give();
    }
    all_told?;
    if !shared.away.pause(&[Access::Delete]).is_zero() {
        return Ok(());
    }
    // What is noted meanwhile is for the next time.
    let mut done = told.clone();
    delete_orphans(shared, told)?;
    rows::forget(shared, &erased(shared, &done), None)?;
    rows::forget_late(shared)?;
    if told.len() > done.len() {
        shared.to_poll.give();
    }
    done.retain(|note, _| shared.tier.remove_note(note).is_ok());
    for (note, key) in done {
        told.remove(&note);
        shared.erasing_notes.lock().remove(&note);
        shared.noted.told(&note, &key);
    }
    // Another engine may have the right to do it.
    let left = shared.noted.look(|| shared.tier.notes().ok());
    shared.notes.store(left, Relaxed);
    Ok(())
}

/// Puts a tombstone there for each note that has none. Returns whether all have one.
fn tell_all(shared: &Shared, told: &mut HashMap<Box<[u8]>, Key>) -> Result<bool, Fault> {
    let notes = shared
        .tier
        .notes()
        .map_err(|_| Fault::new(FaultKind::Invalid, "notes of deletions could not be read"))?;
    if !shared.has_right() {
        return Ok(notes.is_empty());
    }
    let mut result = Ok(true);
    for note in notes {
        if told.contains_key(&note) {
            continue;
        }
        match tell(shared, &note) {
            Ok(Some(key)) => drop(told.insert(note, key)),
            Ok(None) => {}
            // The others may be told all the same.
            Err(fault) if fault.kind() == FaultKind::Invalid => result = Err(fault),
            Err(fault) => return Err(fault),
        }
    }
    result
}

/// Puts a tombstone there for a note; `None` if there is nothing to tell.
fn tell(shared: &Shared, note: &[u8]) -> Result<Option<Key>, Fault> {
    let Ok(Some(bytes)) = shared.tier.read_note(note) else {
        return Ok(None);
    };
    let Ok(gone) = Gone::decode(&bytes) else {
        // It can't be understood the next time either.
        let _ = shared.tier.set_note_aside(note);
        return Ok(None);
    };
    let key = Key::Gone {
        time: shared.clock.next(),
        tag: random_tag(),
    };
    shared.confirming.open(&key, &gone);
    let is_own = shared.noted.is_own(note);
    if is_own {
        shared.own_tombstones.lock().insert(key.clone());
    }
    let put = shared.bucket.put(&key, Bytes::from(bytes));
    shared.heard_of(Access::Put, put)?;
    if !is_own {
        // An earlier run may not have come to it, and nobody else deletes the objects.
        let until = i64::try_from(gone.effective.ms()).unwrap_or(i64::MAX);
        let objects = shared.tier.objects_of(&gone.ids, until);
        carry_out(shared, &key, &gone);
        objects.iter().for_each(|it| shared.tier.orphan(it));
    }
    Ok(Some(key))
}

/// Of what is noted, what was erased and not just deleted; of an earlier run's nobody knows.
fn erased(shared: &Shared, told: &HashMap<Box<[u8]>, Key>) -> HashSet<Box<[u8]>> {
    let is_erased =
        |note: &[u8]| shared.erasing_notes.lock().contains(note) || !shared.noted.is_own(note);
    let notes = told.keys().filter(|note| is_erased(note));
    let read = notes.filter_map(|note| Gone::decode(&shared.tier.read_note(note).ok()??).ok());
    let ids = read.flat_map(|gone| gone.ids);
    ids.map(|id| file_stem(&id).into()).collect()
}

/// Deletes the objects that no recording needs any more, when it is known why: whoever has a copy of
/// what vanishes without a word puts it there again.
fn delete_orphans(shared: &Shared, told: &mut HashMap<Box<[u8]>, Key>) -> Result<(), Fault> {
    // Before they are taken: who waits for them to be gone must not find none in between.
    shared.deleting.store(shared.tier.orphans_len(), Relaxed);
    let mut left: HashMap<Key, Object> = shared
        .tier
        .take_orphans()
        .into_iter()
        .filter_map(|object| Some((key_of(&object)?, object)))
        .collect();
    shared.deleting.store(left.len(), Relaxed);
    // Each was noted before it became one.
    let mut result = match left.is_empty() {
        true => Ok(false),
        false => tell_all(shared, told),
    };
    if let Ok(true) = result {
        let keys: Vec<_> = left.keys().cloned().collect();
        shared.bucket.delete_many(keys, AT_ONCE, |key, deleted| {
            match shared.heard_of(Access::Delete, deleted) {
                Ok(()) => drop(left.remove(&key)),
                Err(fault) => result = Err(fault),
            }
        });
    }
    left.values().for_each(|object| shared.tier.orphan(object));
    shared.deleting.store(0, Relaxed);
    result.map(drop)
}
