//! Segments that an earlier run left, of bytes that may be none.
//!
//! * Whatever they are, they are read to an end; no frame is made up, and each recording begins
//!   with its head.
//! * A second look finds the same.
//! * What was released is not found again.
//!
//! An input is a program that makes segments, so that checksums are right, and then changes bytes
//! of them: the parts are segments, each its size in pages and what may be wrong with it, then
//! chunks, and changes behind them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use replay_store::fuzz::{Recovered, abandon, recover};

use crate::sealed::crc32c_append;
use crate::{parts, scratch};

const PAGE: usize = 4096;
/// What chunks are made of since version 2, and pages before.
const UNIT: usize = 1024;
const CHUNK_HEAD: usize = 48;
const FRAME_HEAD: usize = 8;
/// Bytes of what a chunk is described by, before its frames.
const SPEC: usize = 6;

/// Sequences of recordings as runs leave them, and some with something missing.
pub fn seeds() -> Vec<Vec<u8>> {
    let chunk = |page, order, serial, index, marks| [page, order, serial, index, marks, 0];
    let frames = |frames: &[(u8, u16)]| {
        let frame = |&(kind, length): &(u8, u16)| [&[kind][..], &length.to_le_bytes()].concat();
        frames.iter().flat_map(frame).collect::<Vec<u8>>()
    };
    let segment = |pages: u8, wrong: u8, chunks: &[([u8; SPEC], Vec<u8>)], pokes: &[u8]| {
        let chunks: Vec<_> = (chunks.iter())
            .map(|(spec, frames)| [&spec[..], frames].concat())
            .collect();
        let mut all = vec![vec![pages, wrong], pokes.to_vec()];
        all.extend(chunks);
        parts::join(&all)
    };
    let small = (chunk(3, 0, 4, 0, 0), frames(&[(1, 700), (3, 200)]));
    let neighbour = (chunk(2, 0, 5, 0, 0), frames(&[(1, 30), (2, 9)]));
    let grown = (chunk(4, 1, 4, 1, 0), frames(&[(2, 300), (2, 1000)]));
    // All that a page has room for, with a part of the next frame at its end.
    let full = frames(&[(1, 40), (2, 2000), (3, 1968)]);
    let alone = (
        chunk(0, 0, 1, 0, 0),
        frames(&[(1, 30), (4, 9), (2, 100), (5, 50)]),
    );
    let start = (chunk(1, 0, 2, 0, 1), full.clone());
    let end = (chunk(2, 1, 2, 1, 0), frames(&[(2, 700), (2, 3)]));
    let released = (chunk(2, 0, 3, 0, 4), frames(&[(1, 3)]));
    vec![
        parts::join(&[segment(
            4,
            0,
            &[alone.clone(), start.clone(), end.clone()],
            &[],
        )]),
        parts::join(&[
            segment(4, 0, &[alone.clone(), start.clone(), released], &[]),
            segment(4, 0, std::slice::from_ref(&end), &[]),
        ]),
        parts::join(&[segment(4, 0, std::slice::from_ref(&end), &[])]),
        parts::join(&[segment(4, 1, &[neighbour, small, grown], &[])]),
        parts::join(&[segment(4, 16, std::slice::from_ref(&alone), &[])]),
        parts::join(&[segment(4, 2, std::slice::from_ref(&alone), &[])]),
        parts::join(&[
            segment(4, 4, std::slice::from_ref(&alone), &[]),
            segment(4, 0, &[start, end], &[]),
        ]),
        parts::join(&[segment(2, 8, &[alone], &[0, 0, 1, 0, 16, 9])]),
        parts::join(&[b""]),
    ]
}

/// A segment, and the payloads of the frames that were put into it.
struct Forged {
    bytes: Vec<u8>,
    payloads: HashSet<(u8, Vec<u8>)>,
}

fn forge(program: &[u8], salt: u64) -> Forged {
    let parts = parts::split(program);
    let head = parts.first().copied().unwrap_or_default();
    let (pages, wrong) = (
        head.first().map_or(1, |it| usize::from(it % 17)),
        head.get(1).copied().unwrap_or_default(),
    );
    let mut forged = Forged {
        bytes: vec![0; (pages + 1) * PAGE],
        payloads: HashSet::new(),
    };
    let (version, unit): (u64, _) = match wrong & 17 {
        0 => (1, PAGE),
        1 => (2, UNIT),
        _ => (3, UNIT),
    };
    let size = if wrong & 2 == 0 {
        pages * PAGE
    } else {
        usize::MAX / 2
    } as u64;
    let sum = checksum(&[version, size, salt]);
    for (at, word) in [u64::from_ne_bytes(*b"rplyslab"), version, size, salt, sum]
        .iter()
        .enumerate()
    {
        put(&mut forged.bytes, at * 8, &word.to_ne_bytes());
    }
    for (generation, chunk) in parts.iter().skip(2).enumerate() {
        if let Some((spec, frames)) = chunk.split_first_chunk::<SPEC>() {
            forged.chunk(
                salt,
                generation as u64 + u64::from(spec[5]),
                unit,
                spec,
                frames,
            );
        }
    }
    for poke in parts.get(1).copied().unwrap_or_default().chunks_exact(4) {
        let at = u32::from_le_bytes([poke[0], poke[1], poke[2], 0]) as usize;
        let at = at % forged.bytes.len();
        forged.bytes[at] ^= poke[3];
    }
    if wrong & 4 != 0 {
        let length = forged.bytes.len();
        forged
            .bytes
            .truncate(length - length / 3 - usize::from(wrong >> 4));
    }
    if wrong & 8 != 0 {
        forged.bytes.resize(forged.bytes.len() + 100, 7);
    }
    forged
}

impl Forged {
    fn chunk(&mut self, salt: u64, generation: u64, unit: usize, spec: &[u8; SPEC], frames: &[u8]) {
        let [page, order, serial, index, marks, _] = *spec;
        let base = PAGE + usize::from(page) * unit;
        let end = base + (1 << (order & 7)) * unit;
        let place = u64::from(index) << 32 | u64::from(order);
        let serial = u64::from(serial);
        let sum = checksum(&[salt, generation, serial, place]);
        for (at, word) in [salt, generation, serial, place, sum, marks.into()]
            .iter()
            .enumerate()
        {
            put(&mut self.bytes, base + at * 8, &word.to_ne_bytes());
        }
        let seed = checksum(&[salt, generation]) as u32;
        let mut at = base + CHUNK_HEAD;
        for (n, frame) in frames.chunks_exact(3).enumerate() {
            let (kind, length) = (
                frame[0],
                usize::from(u16::from_le_bytes([frame[1], frame[2]])),
            );
            let payload =
                vec![n as u8 ^ kind ^ page; length.min(end.saturating_sub(at + FRAME_HEAD))];
            let descriptor = u32::from(kind & 15) << 28 | length as u32;
            let sum = crc32c_append(seed ^ descriptor, &payload);
            let word = u64::from(sum) << 32 | u64::from(descriptor);
            put(&mut self.bytes, at, &word.to_ne_bytes());
            put(&mut self.bytes, at + FRAME_HEAD, &payload);
            at += FRAME_HEAD + length.next_multiple_of(8);
            self.payloads.insert((kind & 15, payload));
        }
    }
}

fn checksum(words: &[u64]) -> u64 {
    let sum = |sum, word: &u64| crc32c_append(sum, &word.to_ne_bytes());
    u64::from(words.iter().fold(0, sum))
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    let end = (at + what.len()).min(bytes.len());
    if let Some(place) = bytes.get_mut(at..end) {
        place.copy_from_slice(&what[..place.len()]);
    }
}

/// See the [module](self).
pub fn check(bytes: &[u8]) {
    let home = scratch::directory();
    let slab = home.path().join("slab-0");
    abandon(&slab).expect("a directory");
    let mut known = HashSet::new();
    for (number, program) in parts::split(bytes).into_iter().take(4).enumerate() {
        let forged = forge(program, 0x5eed_5a17_0000_0001 + number as u64);
        known.extend(forged.payloads);
        fs::write(slab.join(format!("{number}.seg")), forged.bytes).expect("memory");
    }
    let first = look(home.path(), false);
    for recording in &first.recordings {
        assert_eq!(recording.first().map(|(kind, _)| *kind), Some(1), "no head");
        for (kind, [part, rest]) in recording {
            assert!(known.contains(&(*kind, rest.clone())), "made up");
            assert!(
                part.is_empty() || known.contains(&(3, part.clone())),
                "made up"
            );
        }
    }
    let second = look(home.path(), true);
    assert_eq!(second.recordings, first.recordings);
    assert_eq!(second.waiting, first.waiting);
    let third = look(home.path(), false);
    assert!(third.recordings.is_empty(), "found again");
}

fn look(home: &Path, release: bool) -> Recovered {
    let found = recover(home, release).expect("no fault of the disk");
    let panicked = |reason: &String| reason.contains("panicked");
    assert!(
        !found.set_aside.iter().any(panicked),
        "{:?}",
        found.set_aside
    );
    found
}
