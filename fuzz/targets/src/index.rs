//! The index on the disk, of bytes that may be none.
//!
//! * No entry names a file that a listing of the directory can't give.
//! * What was read is written as an index that is read without a complaint, and is the same.
//!
//! The parts are the rows of a snapshot and those of a log. Their last bit says whether they stand
//! behind a header and a checksum that are right; the rest of the first byte is the version.

use std::fs;

use replay_store::fuzz::{index_rows, is_recording, read_index, write_index};

use crate::sealed::{crc32c, frame};
use crate::{parts, scratch};

const SNAPSHOT: u32 = 1;
const LOG: u32 = 2;

/// What version 1 had for an entry, and what each later one has behind that.
const ROWS: [&[u8]; 3] = [
    b"\x08x.etf.gz\x00\x00\x0bElixir.Home\x02\x03add\x04save\x01\x01/\x01\xfb\x58\x02\x02\x00\x01\x00\x05\x0c\x07",
    b"\x01\x00\x03",
    b"\x01\x09\x01\0/\x04\0/a?b",
];

/// A row of a version.
pub(crate) fn row(version: usize) -> Vec<u8> {
    ROWS[..version].concat()
}

/// Each version, rows of several kinds, and whole files.
pub fn seeds() -> Vec<Vec<u8>> {
    let text = [&row(1)[..], b"\x01\x01\x03ada\x00\x03\x01\0/"].concat();
    let json = [b"\x0b12345.json.gz", &row(3)[9..]].concat();
    let mut seeds = Vec::new();
    for version in 0..5_usize {
        let head = [(version << 1 | 1) as u8];
        let row = row(version.clamp(1, 3));
        seeds.push(parts::join(&[&head[..], &row]));
        seeds.push(parts::join(&[&head[..], &row, &row]));
    }
    seeds.push(parts::join(&[&[7][..], &text, &json, &row(3)]));
    let file = sealed(SNAPSHOT, 3, &[&row(3), &text]);
    let log = sealed(LOG, 3, &[&row(3)]);
    seeds.push(parts::join(&[&[0][..], &file, &log]));
    seeds.push(parts::join(&[&[0][..], &file, &log[..40]]));
    seeds
}

fn sealed(kind: u32, version: u32, rows: &[&[u8]]) -> Vec<u8> {
    let count = if kind == SNAPSHOT {
        rows.len() as u32
    } else {
        0
    };
    let mut file = b"PRINDEX\0".to_vec();
    file.extend(version.to_le_bytes());
    file.extend(kind.to_le_bytes());
    file.extend(7_u64.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend(crc32c(&file).to_le_bytes());
    rows.iter().for_each(|row| file.extend(frame(row)));
    file
}

thread_local! {
    static HOME: tempfile::TempDir = scratch::directory();
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let parts = parts::split(bytes);
    let Some((&[head, ..], rest)) = parts.split_first() else {
        return;
    };
    let version = u32::from(head >> 1);
    let (snapshot, log) = match (rest, head & 1) {
        ([snapshot, log, ..], 0) => (snapshot.to_vec(), log.to_vec()),
        (rest, _) => {
            let (snapshot, log) = rest.split_at(rest.len() / 2);
            (
                sealed(SNAPSHOT, version, snapshot),
                sealed(LOG, version, log),
            )
        }
    };
    HOME.with(|home| {
        let put = |name, bytes: &[u8]| fs::write(home.path().join(name), bytes).expect("memory");
        put("index", &snapshot);
        put("index.log", &log);
        let (entries, _) = read_index(home.path());
        for entry in &entries {
            let file = entry.file();
            assert!(is_recording(file) && !file.contains(&b'/') && !file.contains(&0));
        }
        let (snapshot, mut log) = write_index(&entries, 9);
        log.extend(index_rows(&entries[..entries.len() / 2]));
        put("index", &snapshot);
        put("index.log", &log);
        let (again, damage) = read_index(home.path());
        assert!(damage.is_empty(), "{damage:?}");
        assert_eq!(again, entries);
    });
}
