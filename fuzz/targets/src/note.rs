//! A note of an erasure, of bytes that may be none: one that is read is written as the same bytes.

use replay_store::fuzz::{read_note, write_note};

use crate::sealed::frame;

/// Notes, and what they are made of.
pub fn seeds() -> Vec<Vec<u8>> {
    let ids: [&[Box<[u8]>]; 3] = [
        &[],
        &[b"4x1F5sfmxsxIadPy39mHkw"[..].into()],
        &[b"a"[..].into(), b""[..].into(), [0xff; 300][..].into()],
    ];
    let notes = ids.iter().map(|ids| write_note(ids).expect("a note"));
    notes.flat_map(|note| [note[20..].to_vec(), note]).collect()
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let sealed = [b"rplerase\x02\0\0\0", &frame(bytes)[..]].concat();
    for note in [bytes, &sealed] {
        if let Some(ids) = read_note(note) {
            assert_eq!(write_note(&ids).expect("a note of as many ids"), note);
        }
    }
}
