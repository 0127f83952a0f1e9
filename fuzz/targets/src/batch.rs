//! Rows that travel between nodes, of bytes that may be none.
//!
//! * No row names a file that a listing of a directory can't give.
//! * What was read is written as rows that are read, and are the same.
//!
//! The parts are rows, each with its object's times before it, to be put behind a header and
//! checksums that are right; or one part is the whole. The first byte says which, and the version.

use replay_store::fuzz::{is_recording, read_batch, write_batch};

use crate::index::row;
use crate::parts;
use crate::sealed::frame;

/// Rows of each version, and whole batches.
pub fn seeds() -> Vec<Vec<u8>> {
    let times = [&5_i64.to_le_bytes()[..], &7_i64.to_le_bytes()].concat();
    let mut seeds = Vec::new();
    for version in 0..5_usize {
        let row = [&times[..], &row(version.clamp(1, 3))].concat();
        let head = (version << 1) as u8;
        seeds.push(parts::join(&[&[head | 1][..], &row]));
        seeds.push(parts::join(&[&[head | 1][..], &row, &row]));
        let whole = sealed(version as u32, &[&row, &row]);
        seeds.push(parts::join(&[&[head][..], &whole]));
        seeds.push(parts::join(&[&[head][..], &whole[..whole.len() - 3]]));
    }
    seeds
}

fn sealed(version: u32, rows: &[&[u8]]) -> Vec<u8> {
    let mut batch = [&b"PRBATCH\0"[..], &version.to_le_bytes()].concat();
    rows.iter().for_each(|row| batch.extend(frame(row)));
    batch
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let parts = parts::split(bytes);
    let Some((&[head, ..], rest)) = parts.split_first() else {
        return;
    };
    let batch = match (rest, head & 1) {
        ([whole, ..], 0) => whole.to_vec(),
        (rest, _) => sealed(u32::from(head >> 1), rest),
    };
    let (rows, _) = read_batch(&batch);
    for (entry, _) in &rows {
        let file = entry.file();
        assert!(is_recording(file) && !file.contains(&b'/') && !file.contains(&0));
    }
    let (again, flaw) = read_batch(&write_batch(&rows));
    assert_eq!(flaw, None);
    assert_eq!(again, rows);
}
