//! Sessions that were running on nodes that are lost are taken in, by their parts.

use std::collections::{HashMap, HashSet};

use super::away::Access;
use super::presence;
use super::shared::Shared;
use crate::bucket::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Name};

/// No part is larger than this and its last event.
const MAX_PART_BYTES: u64 = 512 << 20;

/// Parts that are deleted at once.
const AT_ONCE: usize = 8;

/// Takes in the sessions of nodes that are no longer there, and of earlier runs of this one.
/// Several may do so at once: it comes to the same. `is_running` is for stems of this node's. Returns
/// whether none is left that is only waiting to be uploaded.
pub(super) fn take_in_lost(
    shared: &Shared,
    is_running: impl Fn(&Name) -> bool,
) -> Result<bool, Fault> {
    let mut sessions: HashMap<(Name, Name), Vec<u64>> = HashMap::new();
    let mut cursor = Cursor::folder(Key::running(None));
    loop {
        let page = shared.listed(&cursor)?;
        for key in page.objects.into_iter().filter_map(|it| it.key) {
            if let Key::Part { node, stem, number } = key
                && (node != shared.node || !is_running(&stem))
            {
                sessions.entry((node, stem)).or_default().push(number);
            }
        }
        match page.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    if sessions.is_empty() {
        return Ok(true);
    }
    let there: HashSet<Name> = presence::others(shared)?.there.into_iter().collect();
    let lost = sessions
        .into_iter()
        .filter(|((node, _), _)| !there.contains(node));
    let (mut taken_in, mut is_done) = (false, true);
    for ((node, stem), mut numbers) in lost {
        numbers.sort_unstable();
        let key = |number| Key::Part {
            node: node.clone(),
            stem: stem.clone(),
            number,
        };
        if shared.tier.is_settled_stem(stem.as_bytes()) {
            // It is in the bucket as a whole, or was taken in before.
            remove(shared, numbers.into_iter().map(key).collect())?;
        } else if !shared.tier.is_known_stem(stem.as_bytes()) {
            taken_in |= take_in(shared, &stem, &numbers, key)?;
        } else {
            is_done = false;
        }
    }
    if taken_in {
        shared.tier.drain(shared.settings.timeout);
        for filter in shared.erasures.all() {
            let refused = |_| Fault::new(FaultKind::Invalid, "an erasure could not be repeated");
            shared.tier.erase_where(&filter).map_err(refused)?;
        }
    }
    Ok(is_done && !taken_in)
}

/// Deletes parts.
pub(super) fn remove(shared: &Shared, keys: Vec<Key>) -> Result<(), Fault> {
    let mut result = Ok(());
    shared.bucket.delete_many(keys, AT_ONCE, |_, deleted| {
        if let Err(fault) = shared.heard_of(Access::Delete, deleted) {
            result = Err(fault);
        }
    });
    result
}

/// Takes in one session, unless it was deleted. Returns whether it did.
fn take_in(
    shared: &Shared,
    stem: &Name,
    numbers: &[u64],
    key: impl Fn(u64) -> Key,
) -> Result<bool, Fault> {
    let mut parts = Vec::new();
    // What comes behind a gap belongs to something that is not there.
    let in_order = (0_u64..)
        .zip(numbers)
        .take_while(|(at, number)| at == *number);
    for (number, _) in in_order {
        match shared.heard(shared.bucket.get(&key(number), MAX_PART_BYTES)) {
            Ok(part) => parts.push(part.to_vec()),
            // Another node was faster.
            Err(fault) if fault.kind() == FaultKind::NotFound => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    let until = shared.graves.until(stem.as_bytes()).unwrap_or(i64::MIN);
    let is_deleted = |began: i64| began <= until.saturating_sub(shared.clock.ahead_ms());
    match shared.tier.take_in(&parts, is_deleted) {
        Ok(true) => Ok(true),
        // Deleted, or of no use to anybody.
        Ok(false) | Err(replay_store::Error::Damaged { .. }) => {
            remove(shared, numbers.iter().copied().map(key).collect())?;
            Ok(false)
        }
        Err(_) => Err(Fault::new(
            FaultKind::Invalid,
            "a session could not be taken in",
        )),
    }
}
