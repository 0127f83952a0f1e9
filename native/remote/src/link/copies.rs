//! Files that the bucket has too are kept here up to a number of bytes.

use super::shared::Shared;

/// Removes those that were used longest ago, if there are too many.
pub(super) fn give_up_copies(shared: &Shared) {
    let Some(max) = shared.settings.local_max_bytes else {
        // Nobody wants to know.
        shared.uses.lock().clear();
        return;
    };
    let copies = shared.tier.copies();
    let mut bytes: u64 = copies.iter().map(|entry| entry.stamp.len).sum();
    if bytes <= max {
        return;
    }
    let mut uses = shared.uses.lock();
    let mut by_use: Vec<_> = copies
        .into_iter()
        .map(|entry| {
            let written = entry.stamp.modified_ns / 1_000_000;
            let used = uses.get(entry.file()).copied();
            (used.map_or(written, |used| used.max(written)), entry)
        })
        .collect();
    by_use.sort_unstable_by_key(|(used, _)| *used);
    let (mut gone, mut kept) = (Vec::new(), 0);
    for (_, entry) in &by_use {
        if bytes > max {
            bytes -= entry.stamp.len;
            uses.remove(entry.file());
            gone.push(entry);
        } else {
            kept += 1;
        }
    }
    if uses.len() > kept {
        uses.retain(|file, _| by_use.iter().any(|(_, entry)| entry.file() == &**file));
    }
    drop(uses);
    for entry in gone {
        // One that can't be removed is tried again.
        let _ = shared.tier.give_up(entry);
    }
}
