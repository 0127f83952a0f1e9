//! Rows of what was erased go from the bucket, too.

use std::collections::HashSet;

use replay_store::{file_stem, stem_of};

use super::away::Access;
use super::batches::put_rows;
use super::shared::{Shared, first};
use super::{is_late, late_tag, random_tag};
use crate::bucket::Cursor;
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Time};

/// No batch of rows is larger.
pub(super) const MAX_ROWS_BYTES: u64 = 16 << 20;

/// Batches that are read at once.
const AT_ONCE: usize = 16;

/// Replaces all batches that name one of these by others that do not: all there are, or those since a
/// time. Nobody can say which they are, so each is read, and goes if it can't be understood.
///
/// # Errors
///
/// Why some may be left.
pub(super) fn forget(
    shared: &Shared,
    stems: &HashSet<Box<[u8]>>,
    since: Option<Time>,
) -> Result<(), Fault> {
    if stems.is_empty() {
        return Ok(());
    }
    // One that was made before is there by now.
    drop(shared.announcing.lock());
    let mut cursor = since.map_or_else(first, Cursor::from_time);
    loop {
        let page = shared.listed(&cursor)?;
        let keys = page.objects.into_iter().filter_map(|it| it.key);
        let rows = keys.filter(|key| matches!(key, Key::Rows { .. }));
        forget_in(shared, stems, rows.collect())?;
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(()),
        }
    }
}

/// These were erased at a time, by somebody who has looked for rows about them by now.
pub(super) fn heard<I: AsRef<[u8]>>(shared: &Shared, ids: &[I], at: i64) {
    let stems = ids.iter().map(|id| file_stem(id.as_ref()).into());
    shared.late.hear(stems, at, shared.clock.now_ms());
}

/// As [`forget`], for rows that were put there too late for whoever erased what they name.
///
/// # Errors
///
/// Why some may be left: it is tried again.
pub(super) fn forget_late(shared: &Shared) -> Result<(), Fault> {
    let Some((stems, at)) = shared.late.take() else {
        return Ok(());
    };
    let forgotten = forget(shared, &stems, a_minute_before(at));
    if forgotten.is_err() {
        shared.late.hear(stems.into_iter(), at, at);
    }
    forgotten
}

/// Clocks of nodes that agree do so well within a minute.
pub(super) fn a_minute_before(ms: i64) -> Option<Time> {
    Time::from_ms(u64::try_from(ms.saturating_sub(60_000)).ok()?)
}

fn forget_in(shared: &Shared, stems: &HashSet<Box<[u8]>>, keys: Vec<Key>) -> Result<(), Fault> {
    let is_erased = |file: &[u8]| stem_of(file).is_some_and(|stem| stems.contains(stem));
    let (mut affected, mut result) = (Vec::new(), Ok(()));
    let wanted = keys.into_iter().map(|key| (key, MAX_ROWS_BYTES));
    shared
        .bucket
        .get_many(wanted, AT_ONCE, |key, read| match shared.heard(read) {
            Ok(bytes) => {
                let (mut named, is_all) = shared.tier.all_named_in(&bytes);
                let before = named.len();
                named.retain(|object| !is_erased(&object.file));
                // What can't be read may be about them, and is only a cache.
                if named.len() < before || !is_all {
                    affected.push((key, named));
                }
            }
            // As is one that is larger than any; not one of which the server says something.
            Err(fault) if fault.kind() == FaultKind::TooLarge && fault.status().is_none() => {
                affected.push((key, Vec::new()));
            }
            Err(fault) if matches!(fault.kind(), FaultKind::NotFound | FaultKind::TooLarge) => {}
            Err(fault) => result = Err(fault),
        });
    for (key, others) in affected {
        let Key::Rows { tag, .. } = key else {
            continue;
        };
        let tag = if is_late(tag) {
            late_tag()
        } else {
            random_tag()
        };
        if others.is_empty() || put_rows(shared, &others, tag) {
            shared.heard_of(Access::Delete, shared.bucket.delete(&key))?;
        } else {
            return Err(Fault::invalid("rows could not be replaced"));
        }
    }
    result
}
