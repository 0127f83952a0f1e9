//! Sessions that were running on nodes that are lost are taken in, by their parts.

use std::collections::{HashMap, HashSet};

use super::away::Access;
use super::presence;
use super::shared::Shared;
use super::take_in::{remove, take_in};
use crate::bucket::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Name};

/// Takes in the sessions of nodes that are no longer there, and of earlier runs of this one.
/// Several may do so at once: it comes to the same. `is_running` is for stems of this node's.
/// `unsifted` is kept by the caller: whether some are here to which erasures are still to be applied.
/// Returns whether none is left that is only waiting to be uploaded.
///
/// # Errors
///
/// The first thing that kept one from being taken in: it is tried again.
pub(super) fn take_in_lost(
    shared: &Shared,
    is_running: impl Fn(&Name) -> bool,
    unsifted: &mut bool,
) -> Result<bool, Fault> {
    let taken_in = take_in_all(shared, is_running, unsifted);
    // Whatever became of the others: what is here and was erased must not stay.
    if *unsifted {
        sift(shared)?;
        *unsifted = false;
    }
    taken_in
}

/// Repeats the erasures that are known, for what is here only now.
///
/// # Errors
///
/// Why some may be left.
pub(super) fn sift(shared: &Shared) -> Result<(), Fault> {
    shared.tier.drain(shared.settings.timeout);
    let refused = |_| Fault::new(FaultKind::Invalid, "an erasure could not be repeated");
    let mut result = Ok(());
    for filter in shared.erasures.all() {
        result = result.and(shared.tier.erase_where(&filter).map(drop).map_err(refused));
    }
    result
}

/// As [`take_in_lost`], but for erasures.
fn take_in_all(
    shared: &Shared,
    is_running: impl Fn(&Name) -> bool,
    unsifted: &mut bool,
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
    let mut result = Ok(true);
    for ((node, stem), mut numbers) in lost {
        numbers.sort_unstable();
        let key = |number| Key::Part {
            node: node.clone(),
            stem: stem.clone(),
            number,
        };
        let is_done = if shared.tier.is_settled_stem(stem.as_bytes()) {
            // It is in the bucket as a whole, or was taken in before.
            remove(shared, numbers.into_iter().map(key).collect()).map(|()| true)
        } else if !shared.tier.is_known_stem(stem.as_bytes()) {
            let taken_in = take_in(shared, &stem, &numbers, key);
            *unsifted |= matches!(taken_in, Ok(true));
            taken_in.map(|taken_in| !taken_in)
        } else {
            Ok(false)
        };
        result = match (result, is_done) {
            (Ok(all), Ok(this)) => Ok(all && this),
            (Err(fault), _) | (Ok(_), Err(fault)) => Err(fault),
        };
        // One is in no other's way, but whoever answers none need not be asked for each.
        if result.is_err() && shared.away.refuses(&[Access::Read]).is_some() {
            break;
        }
    }
    result
}
