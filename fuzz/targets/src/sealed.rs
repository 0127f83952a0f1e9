//! Checksums that are right, so that what is behind them is reached: CRC-32C by another program
//! than the engine's.

pub(crate) use crc32c::{crc32c, crc32c_append};

/// A frame of the engine's files: length, checksum, payload.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_le_bytes();
    let sum = crc32c_append(crc32c(&length), payload).to_le_bytes();
    [&length[..], &sum, payload].concat()
}

/// The bytes, and their checksum behind them.
pub(crate) fn summed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &crc32c(bytes).to_le_bytes()].concat()
}
