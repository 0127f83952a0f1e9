//! Rows about recordings are put into the bucket, in batches.

use replay_store::Object;

use super::away::Access;
use super::shared::Shared;
use crate::key::{Key, Tag};

/// No batch has more rows.
pub(super) const MAX_ROWS: usize = if cfg!(test) { 250 } else { 10_000 };

/// A batch ends with the row that makes it as large, before compression: far below what those who
/// read it take.
const MAX_BATCH_BYTES: usize = 8 << 20;

/// Puts what is known of these objects there, in as many batches as it takes. Returns whether all is.
pub(super) fn put_rows(shared: &Shared, objects: &[Object], tag: Tag) -> bool {
    let mut left = objects;
    loop {
        let some = left.get(..MAX_ROWS).unwrap_or(left);
        let Some(count) = put_batch(shared, some, tag) else {
            return false;
        };
        left = left.get(count..).unwrap_or_default();
        if left.is_empty() {
            return true;
        }
    }
}

/// Puts a batch of the first of these there, and returns of how many; `None` if it is not taken.
fn put_batch(shared: &Shared, objects: &[Object], tag: Tag) -> Option<usize> {
    // Who erases what they are about waits for it to be there.
    let _announcing = shared.announcing.lock();
    shared.late.puts();
    let time = shared.clock.next();
    let key = Key::Rows { time, tag };
    let (rows, count) = shared.tier.rows(objects, MAX_BATCH_BYTES);
    let put = shared.bucket.put(&key, rows.into());
    shared.heard_of(Access::Put, put).is_ok().then_some(count)
}
