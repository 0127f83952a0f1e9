//! Deletions: those noted here are made known to all and done in the bucket, and those of others are
//! carried out here.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use replay_store::{Filter, Object, file_stem};

use super::away::Access;
use super::erasures::as_of;
use super::running::remove_finished;
use super::shared::{Shared, key_of};
use super::{random_tag, rows};
use crate::fault::{Fault, FaultKind};
use crate::gone::Gone;
use crate::key::Key;

/// Deletions at once.
const AT_ONCE: usize = 16;

/// By so much the time of a deletion may be ahead of what this machine's clock showed then: for
/// clocks of others that were, and since the time of a file is a little behind the clock.
const AHEAD_MS: i64 = 60_000;

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
    // What this disk does not delete keeps nothing else from being uploaded.
    let is_heir = !matches!(&all_told, Err(fault) if fault.kind() != FaultKind::Invalid);
    if has_right && is_heir && !shared.is_heir.swap(true, Relaxed) {
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
        // Who waits for it asks for its key.
        let mut own = shared.own_notes.lock();
        if let Some(known) = own.get_mut(&note) {
            *known = Some(key);
        }
    }
    let left = shared.tier.notes().map_or(0, |notes| notes.len());
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
    let is_own = shared.own_notes.lock().contains_key(note);
    if is_own {
        shared.own_tombstones.lock().insert(key.clone());
    }
    let put = shared.bucket.put(&key, Bytes::from(bytes));
    shared.heard_of(Access::Put, put)?;
    if !is_own {
        // An earlier run may not have come to it, and nobody else deletes the objects.
        let until = i64::try_from(gone.effective.ms()).unwrap_or(i64::MAX);
        let objects = shared.tier.objects_of(&gone.ids, until);
        carry_out(shared, &key, &gone)?;
        objects.iter().for_each(|it| shared.tier.orphan(it));
    }
    Ok(Some(key))
}

/// Of what is noted, what was erased and not just deleted; of an earlier run's nobody knows.
fn erased(shared: &Shared, told: &HashMap<Box<[u8]>, Key>) -> HashSet<Box<[u8]>> {
    let is_erased = |note: &[u8]| {
        shared.erasing_notes.lock().contains(note) || !shared.own_notes.lock().contains_key(note)
    };
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

/// Carries out here what a tombstone says.
///
/// # Errors
///
/// What keeps it from being done.
pub(super) fn carry_out(shared: &Shared, key: &Key, gone: &Gone) -> Result<(), Fault> {
    let until = i64::try_from(gone.effective.ms()).unwrap_or(i64::MAX);
    let ahead = shared.clock.ahead_ms();
    // What this node deleted, it deleted here at once; what is as young as that was saved since,
    // maybe in the same millisecond. An earlier run that did not come to it told nobody.
    let is_own = gone.origin == shared.node;
    let ahead_of_files = ahead.saturating_add(if is_own { AHEAD_MS } else { 0 });
    let ids: Vec<Box<[u8]>> = gone.ids.iter().map(|id| id.as_slice().into()).collect();
    let refused = |_| {
        Fault::new(
            FaultKind::Invalid,
            "what is deleted could not be deleted here",
        )
    };
    if !ids.is_empty() {
        shared.graves.bury(ids.iter().map(|id| &**id), until);
        rows::heard(shared, &ids, until);
        let done = shared
            .tier
            .delete_gone(&ids, until, ahead_of_files)
            .map_err(refused)?;
        if done.deleted > 0 {
            shared.tier.forget_rows().map_err(refused)?;
        }
        if !done.later.is_empty() {
            // What was put since is deleted by whoever put it.
            shared
                .note_deletion(&done.later)
                .map_err(|_| Fault::new(FaultKind::Invalid, "a deletion could not be noted"))?;
        }
    }
    let Some(bytes) = &gone.filter else {
        return Ok(());
    };
    // One of a later version is for nodes of that version.
    if let Some(filter) = Filter::decode(bytes) {
        let filter = as_of(filter, gone.effective, ahead);
        shared.erasures.add(filter.clone());
        let erase = || shared.tier.erase_where(&filter);
        let erased = shared.erasing(erase).map_err(refused)?;
        rows::heard(shared, &erased.ids, until);
        // What was being told of it is there, and whoever erases it finds it.
        drop(shared.announcing.lock());
        remove_finished(shared)?;
        if let Key::Gone { tag, .. } = key {
            let node = shared.node.clone();
            let confirmed = Key::Confirmed { tag: *tag, node };
            let put = shared.bucket.put(&confirmed, Bytes::new());
            shared.heard_of(Access::Put, put)?;
        }
    }
    Ok(())
}
