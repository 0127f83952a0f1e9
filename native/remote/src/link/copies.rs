//! Files that the bucket has too are kept here up to a number of bytes.

use super::shared::Shared;
use super::uses::Copy;

/// Removes those that were used longest ago, if there are too many.
pub(super) fn give_up_copies(shared: &Shared) {
    let Some(max) = shared.settings.local_max_bytes else {
        shared.uses.clear();
        return;
    };
    let entries = shared.tier.copies();
    let copies = entries.iter().map(|entry| Copy {
        file: entry.file(),
        bytes: entry.stamp.len,
        used: entry.stamp.modified_ns,
    });
    for at in shared.uses.unused(copies.collect(), max) {
        // One that can't be removed is tried again.
        let _ = shared.tier.give_up(&entries[at]);
    }
}
