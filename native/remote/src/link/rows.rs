//! Rows of what was erased go from the bucket, too.

use std::collections::HashSet;

use replay_store::stem_of;

use super::shared::{Shared, first};
use super::upload::put_rows;
use super::{is_late, late_tag, random_tag};
use crate::bucket::Cursor;
use crate::fault::Fault;
use crate::key::{Key, Time};

/// No batch of rows is larger.
pub(super) const MAX_ROWS_BYTES: u64 = 16 << 20;

/// Batches that are read at once.
const AT_ONCE: usize = 16;

/// Replaces all batches that name one of these by others that do not: all there are, or those since a
/// time. Nobody can say which they are, so each is read.
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
        let page = shared.heard(shared.bucket.list(&cursor))?;
        let keys = page.objects.into_iter().filter_map(|it| it.key);
        let rows = keys.filter(|key| matches!(key, Key::Rows { .. }));
        forget_in(shared, stems, rows.collect())?;
        match page.next {
            Some(next) => cursor = next,
            None => return Ok(()),
        }
    }
}

fn forget_in(shared: &Shared, stems: &HashSet<Box<[u8]>>, keys: Vec<Key>) -> Result<(), Fault> {
    let is_erased = |file: &[u8]| stem_of(file).is_some_and(|stem| stems.contains(stem));
    let (mut affected, mut result) = (Vec::new(), Ok(()));
    let wanted = keys.into_iter().map(|key| (key, MAX_ROWS_BYTES));
    shared
        .bucket
        .get_many(wanted, AT_ONCE, |key, read| match shared.heard(read) {
            Ok(bytes) => {
                let mut named = shared.tier.named_in(&bytes);
                let before = named.len();
                named.retain(|object| !is_erased(&object.file));
                if named.len() < before {
                    affected.push((key, named));
                }
            }
            Err(fault) if fault.is_about_object() => {}
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
            shared.heard(shared.bucket.delete(&key))?;
        } else {
            return Err(Fault::invalid("rows could not be replaced"));
        }
    }
    result
}
