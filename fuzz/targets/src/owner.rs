//! The record of who owns a directory, of bytes that may be none: one that is read is written as
//! the same bytes.

use replay_store::fuzz::{abandon, rewrite_owner};

use crate::{scratch, sealed};

/// Bytes of a record without its checksum.
const CONTENT: usize = 80;

/// Records, and what they are made of.
pub fn seeds() -> Vec<Vec<u8>> {
    let home = scratch::directory();
    abandon(home.path()).expect("a directory");
    let record = std::fs::read(home.path().join("lock")).expect("a record");
    let mut alive = record[..CONTENT].to_vec();
    alive[12..16].copy_from_slice(&1000_u32.to_le_bytes());
    vec![sealed::summed(&alive), alive, record]
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let content = &bytes[..bytes.len().min(CONTENT)];
    for record in [bytes, &sealed::summed(content)] {
        let count = record
            .get(72..80)
            .map(|it| it.try_into().expect("eight bytes"));
        let again = rewrite_owner(record, count.map_or(0, u64::from_le_bytes));
        if let Some(again) = again {
            assert_eq!(again, record[..again.len()]);
        }
    }
}
