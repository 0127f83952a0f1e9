use std::sync::Arc;

use super::file::{HEADER_BYTES, Header, Kind, push_row};
use super::row;
use crate::index::Entry;

/// About what a row takes.
const ROW_BYTES: usize = 128;

/// What is appended to the log for these entries.
pub(crate) fn rows(entries: &[Arc<Entry>]) -> Vec<u8> {
    let mut rows = Vec::with_capacity(entries.len() * ROW_BYTES);
    for entry in entries {
        push_row(&mut rows, |out| row::encode(entry, out));
    }
    rows
}

/// A snapshot of these entries, and the log that goes with it and has nothing in it yet.
pub(crate) fn snapshot(entries: &[Arc<Entry>], generation: u64) -> (Vec<u8>, Vec<u8>) {
    let mut snapshot = Vec::with_capacity(HEADER_BYTES + entries.len() * ROW_BYTES);
    snapshot.resize(HEADER_BYTES, 0);
    let mut header = Header {
        version: row::VERSION,
        kind: Kind::Snapshot,
        generation,
        count: 0,
    };
    for entry in entries {
        let pushed = push_row(&mut snapshot, |out| row::encode(entry, out));
        header.count += u32::from(pushed);
    }
    if let Some(bytes) = snapshot.first_chunk_mut::<HEADER_BYTES>() {
        *bytes = header.encode();
    }
    header.kind = Kind::Log;
    header.count = 0;
    (snapshot, header.encode().into())
}
