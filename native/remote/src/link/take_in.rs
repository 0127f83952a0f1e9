//! One session of a node that is lost is taken in, by its parts.

use super::away::Access;
use super::shared::Shared;
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Name};

/// No part is larger than this and its last event.
const MAX_PART_BYTES: u64 = 512 << 20;

/// Parts that are deleted at once.
const AT_ONCE: usize = 8;

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
pub(super) fn take_in(
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
