use std::sync::atomic::Ordering::{Relaxed, Release};

use crate::disk::crc32c::crc32c_append;
use crate::disk::map::Mapping;

/// Bytes of a chunk's header.
pub(super) const LEN: usize = 48;

/// Words of the header. The last is outside the checksum, so that a mark is one store.
const SALT_AT: usize = 0;
const GENERATION_AT: usize = 8;
const SERIAL_AT: usize = 16;
const PLACE_AT: usize = 24;
const CHECKSUM_AT: usize = 32;
const MARKS_AT: usize = 40;

/// What a chunk says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// No other chunk of the segment has or had it.
    pub(super) generation: u64,
    /// Number of the recording.
    pub(super) serial: u64,
    /// Position among the recording's chunks.
    pub(super) index: u32,
    /// The chunk is `2^order` of what the segment's version takes for a unit.
    pub(super) order: u8,
}

/// What is noted about a recording in its first chunk, or about a chunk. Its number is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It ended.
    Ended = 1,
    /// Events were refused because it was full.
    Truncated = 2,
    /// Of any chunk: it belongs to no recording any more, and is to be wiped.
    Released = 4,
}

impl Header {
    /// Reads the header at `base`, if there is one.
    ///
    /// It begins with the segment's salt. Nobody who can choose what a recording contains knows
    /// that, so an old payload is never taken for a header.
    pub(super) fn read(map: &Mapping, base: usize, salt: u64) -> Option<Header> {
        let word = |at| map.word(base + at).load(Relaxed);
        if word(SALT_AT) != salt {
            return None;
        }
        let [order, _, _, _, index @ ..] = word(PLACE_AT).to_le_bytes();
        let header = Header {
            generation: word(GENERATION_AT),
            serial: word(SERIAL_AT),
            index: u32::from_le_bytes(index),
            order,
        };
        (word(CHECKSUM_AT) == header.checksum(salt)).then_some(header)
    }

    pub(super) fn write(&self, map: &Mapping, base: usize, salt: u64) {
        let put = |at, value| map.word(base + at).store(value, Relaxed);
        put(GENERATION_AT, self.generation);
        put(SERIAL_AT, self.serial);
        put(PLACE_AT, self.place());
        put(CHECKSUM_AT, self.checksum(salt));
        put(MARKS_AT, 0);
        // Last: who finds it finds the others.
        map.word(base + SALT_AT).store(salt, Release);
    }

    fn place(&self) -> u64 {
        u64::from(self.index) << 32 | u64::from(self.order)
    }

    fn checksum(&self, salt: u64) -> u64 {
        u64::from(crc(&[salt, self.generation, self.serial, self.place()]))
    }
}

/// Makes the header at `base` none.
pub(super) fn erase(map: &Mapping, base: usize) {
    map.word(base + SALT_AT).store(0, Release);
}

pub(super) fn mark(map: &Mapping, base: usize, mark: Mark) {
    map.word(base + MARKS_AT).fetch_or(mark as u64, Relaxed);
}

/// Where in the file the marks of the header at `base` are, and what they are.
pub(super) fn marks(map: &Mapping, base: usize) -> (usize, u64) {
    let at = base + MARKS_AT;
    (at, map.word(at).load(Relaxed))
}

pub(super) fn has_mark(map: &Mapping, base: usize, mark: Mark) -> bool {
    marks(map, base).1 & mark as u64 != 0
}

/// What the checksums of a chunk's frames start from.
pub(super) fn frame_seed(salt: u64, generation: u64) -> u32 {
    crc(&[salt, generation])
}

fn crc(words: &[u64]) -> u32 {
    words
        .iter()
        .fold(0, |crc, word| crc32c_append(crc, &word.to_ne_bytes()))
}
