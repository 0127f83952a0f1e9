//! Rows that travel: what a node knows of some objects, for those who have not read them.
//!
//! | batch | bytes | |
//! | --- | --- | --- |
//! | magic | 8 | `PRBATCH` and a zero |
//! | version | 4 | of the rows, as in the [index](super::file) |
//! | frames | | of one object each: when it was put there and when its file was saved, 8 bytes each, and its row |
//!
//! Integers are little-endian. As the index on the disk it is a cache: what it says counts only for
//! an object of that name, time and size.

use super::file::{Fault, SHORT, next_row, push_row};
use super::row::{self, VERSION};
use crate::index::Entry;
use crate::index::entry::Shared;
use crate::remote::Put;

const MAGIC: [u8; 8] = *b"PRBATCH\0";

/// A batch of what is known of these, each with when its object was put there. It ends with the row
/// that makes it as large as this, and takes no more of them than are in it.
pub(crate) fn batch<'e>(
    entries: impl Iterator<Item = (&'e Entry, Put)>,
    max_bytes: usize,
) -> Vec<u8> {
    let mut batch = [&MAGIC[..], &VERSION.to_le_bytes()].concat();
    for (entry, put) in entries {
        push_row(&mut batch, |out| {
            out.extend(put.at.to_le_bytes());
            out.extend(put.saved_ns.to_le_bytes());
            row::encode(entry, out);
        });
        if batch.len() >= max_bytes {
            break;
        }
    }
    batch
}

/// Calls `found` with each entry of a batch and when its object was put there, up to the first thing
/// that is wrong with it, and says what that is. The entries' versions are those of the node that
/// made it.
pub(crate) fn read_batch(
    batch: &[u8],
    shared: &Shared,
    mut found: impl FnMut(Entry, Put),
) -> Result<(), String> {
    read(batch, shared, &mut found).map_err(|fault| fault.to_string())
}

fn read(batch: &[u8], shared: &Shared, found: &mut impl FnMut(Entry, Put)) -> Result<(), Fault> {
    let rest = batch.strip_prefix(&MAGIC).ok_or(Fault::Header)?;
    let (version, mut rows) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
    let version = u32::from_le_bytes(*version);
    if !(1..=VERSION).contains(&version) {
        return Err(Fault::Header);
    }
    while let Some(frame) = next_row(&mut rows) {
        let (at, row) = frame?.split_first_chunk::<8>().ok_or(SHORT)?;
        let (saved_ns, row) = row.split_first_chunk::<8>().ok_or(SHORT)?;
        let row = row::read(row, version).ok_or(Fault::Unknown)?;
        let put = Put {
            at: i64::from_le_bytes(*at),
            saved_ns: i64::from_le_bytes(*saved_ns),
        };
        for entry in row::entries(vec![row], shared) {
            found(entry, put);
        }
    }
    Ok(())
}
