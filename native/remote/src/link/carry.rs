//! What others have deleted is deleted here.

use replay_store::{Error, Filter, Notice};

use super::erasures::as_of;
use super::rows;
use super::shared::Shared;
use crate::fault::Fault;
use crate::gone::{Gone, MAX_GONE_BYTES};
use crate::key::Key;

/// By so much the time of a deletion may be ahead of what this machine's clock showed then: for
/// clocks of others that were, and since the time of a file is a little behind the clock.
const AHEAD_MS: i64 = 60_000;

/// Carries out here what a tombstone says. What can't be done now is tried again, and is in nobody's
/// way.
pub(super) fn carry_out(shared: &Shared, key: &Key, gone: &Gone) {
    match delete(shared, gone) {
        Ok(Done::All) => {
            if let (Some(_), Key::Gone { tag, .. }) = (&gone.filter, key) {
                shared.confirming.carried_out(*tag);
            }
            shared.undone.remove(key);
        }
        Ok(Done::WhatCanBeRead) => drop(shared.undone.add(key, None)),
        Ok(Done::WhatIsUnderstood) => shared.undone.remove(key),
        Err(error) => {
            let until = i64::try_from(gone.effective.ms()).unwrap_or(i64::MAX);
            let until = until.saturating_sub(shared.clock.ahead_ms());
            if shared.undone.add(key, Some(until)) {
                shared.tier.tell(Notice::NotErased { error });
            }
        }
    }
}

/// What was done of what a tombstone says.
enum Done {
    All,
    /// Some could not be looked at just now.
    WhatCanBeRead,
    /// Its filter is one of a later version, for nodes of that version.
    WhatIsUnderstood,
}

fn delete(shared: &Shared, gone: &Gone) -> Result<Done, Error> {
    let until = i64::try_from(gone.effective.ms()).unwrap_or(i64::MAX);
    let ahead = shared.clock.ahead_ms();
    // What was deleted in this directory, is deleted here at once; what is as young as that was saved
    // since, maybe in the same millisecond. An earlier run that did not come to it told nobody.
    let ahead_of_files = match shared.is_of_this_directory(&gone.origin) {
        true => ahead.saturating_add(AHEAD_MS),
        false => ahead,
    };
    let ids: Vec<Box<[u8]>> = gone.ids.iter().map(|id| id.as_slice().into()).collect();
    if !ids.is_empty() {
        shared.graves.bury(ids.iter().map(|id| &**id), until);
        rows::heard(shared, &ids, until);
        let done = shared.tier.delete_gone(&ids, until, ahead_of_files)?;
        if done.deleted > 0 {
            shared.tier.forget_rows()?;
        }
        if !done.later.is_empty() {
            // What was put since is deleted by whoever put it.
            let noted = shared.note_deletion(&done.later);
            noted.map_err(|source| Error::Io {
                action: "write down what is to be deleted",
                path: None,
                source,
            })?;
        }
    }
    let Some(filter) = &gone.filter else {
        return Ok(Done::All);
    };
    let Some(filter) = Filter::decode(filter) else {
        return Ok(Done::WhatIsUnderstood);
    };
    let filter = as_of(filter, gone.effective, ahead);
    shared.erasures.add(filter.clone());
    let erased = shared.erasing(|| shared.tier.erase_where(&filter))?;
    rows::heard(shared, &erased.ids, until);
    // What was being told of it is there, and whoever erases it finds it.
    drop(shared.announcing.lock());
    Ok(match erased.is_final {
        true => Done::All,
        false => Done::WhatCanBeRead,
    })
}

/// Tries again what is due.
///
/// # Errors
///
/// Why a tombstone could not be read.
pub(super) fn try_again(shared: &Shared) -> Result<(), Fault> {
    for key in shared.undone.due() {
        let read = shared.heard(shared.bucket.get(&key, MAX_GONE_BYTES as u64));
        match read.and_then(|bytes| Gone::decode(&bytes)) {
            Ok(gone) => carry_out(shared, &key, &gone),
            Err(fault) if fault.is_about_object() => shared.undone.remove(&key),
            Err(fault) => return Err(fault),
        }
    }
    Ok(())
}
