//! What both files of the journal are made of: a header and frames.
//!
//! | header | bytes | |
//! | --- | --- | --- |
//! | magic | 8 | `PRINDEX` and a zero |
//! | version | 4 | of everything below |
//! | kind | 4 | snapshot or log |
//! | generation | 8 | of the snapshot; a log goes with the one of the same generation |
//! | count | 4 | frames that follow; 0 for a log, which grows |
//! | checksum | 4 | CRC-32C of the above |
//!
//! A frame is the length of its payload, the CRC-32C of the length and the payload, and the
//! payload. Integers are little-endian.

use crc32c::{crc32c, crc32c_append};

const MAGIC: [u8; 8] = *b"PRINDEX\0";
const VERSION: u32 = 1;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 32;

/// A larger payload is not believed. An entry of ordinary size is some hundred bytes.
const MAX_PAYLOAD_BYTES: usize = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Snapshot,
    Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    pub generation: u64,
    pub count: u32,
}

/// Why a file of the journal can't be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error("it is not an index of this version")]
    Header,
    #[error("a checksum is wrong")]
    Checksum,
    #[error("it is cut short")]
    Short,
    #[error("it holds something unknown")]
    Unknown,
}

impl Header {
    pub(super) fn encode(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let kind: u32 = match self.kind {
            Kind::Snapshot => 1,
            Kind::Log => 2,
        };
        let fields = [
            &MAGIC[..],
            &VERSION.to_le_bytes(),
            &kind.to_le_bytes(),
            &self.generation.to_le_bytes(),
            &self.count.to_le_bytes(),
        ]
        .concat();
        let sum = crc32c(&fields).to_le_bytes();
        for (byte, field) in bytes.iter_mut().zip(fields.into_iter().chain(sum)) {
            *byte = field;
        }
        bytes
    }

    /// Reads the header, and returns it with what follows.
    pub(super) fn decode(file: &[u8], kind: Kind) -> Result<(Header, &[u8]), Fault> {
        let (bytes, frames) = file
            .split_first_chunk::<HEADER_BYTES>()
            .ok_or(Fault::Short)?;
        let (_, rest) = bytes.split_at(16);
        let (generation, rest) = rest.split_first_chunk::<8>().ok_or(Fault::Short)?;
        let (count, _) = rest.split_first_chunk::<4>().ok_or(Fault::Short)?;
        let header = Header {
            kind,
            generation: u64::from_le_bytes(*generation),
            count: u32::from_le_bytes(*count),
        };
        // Magic, version, kind and checksum are as they should be if all is.
        if header.encode() == *bytes {
            Ok((header, frames))
        } else {
            Err(Fault::Header)
        }
    }
}

/// Appends a frame whose payload `write` appends. An empty or too large payload makes none.
pub(super) fn push_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    write(out);
    let length = out.len().saturating_sub(start + 8);
    if length == 0 || length > MAX_PAYLOAD_BYTES {
        out.truncate(start);
        return false;
    }
    let length = (length as u32).to_le_bytes();
    let sum = checksum(length, out.get(start + 8..).unwrap_or_default()).to_le_bytes();
    if let Some(head) = out.get_mut(start..start + 8) {
        head.copy_from_slice(&[length, sum].concat());
    }
    true
}

/// Takes the first frame's payload off `frames`; `None` at the end.
pub(super) fn next_frame<'a>(frames: &mut &'a [u8]) -> Option<Result<&'a [u8], Fault>> {
    if frames.is_empty() {
        return None;
    }
    Some(split_frame(frames).map(|(payload, rest)| {
        *frames = rest;
        payload
    }))
}

fn split_frame(frames: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let (&length, rest) = frames.split_first_chunk::<4>().ok_or(Fault::Short)?;
    let (&sum, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Short)?;
    let payload_bytes = u32::from_le_bytes(length) as usize;
    if payload_bytes == 0 || payload_bytes > MAX_PAYLOAD_BYTES {
        return Err(Fault::Checksum);
    }
    let (payload, rest) = rest.split_at_checked(payload_bytes).ok_or(Fault::Short)?;
    if checksum(length, payload) == u32::from_le_bytes(sum) {
        Ok((payload, rest))
    } else {
        Err(Fault::Checksum)
    }
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c_append(crc32c(&length), payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        kind: Kind::Snapshot,
        generation: 7,
        count: 2,
    };

    #[test]
    fn a_header_comes_back_as_what_it_is() {
        let file = [&HEADER.encode()[..], b"rest"].concat();
        assert_eq!(
            Header::decode(&file, Kind::Snapshot),
            Ok((HEADER, &b"rest"[..]))
        );
        assert_eq!(Header::decode(&file, Kind::Log), Err(Fault::Header));
    }

    #[test]
    fn a_damaged_header_is_refused() {
        let whole = HEADER.encode();
        for at in 0..HEADER_BYTES {
            assert!(Header::decode(&whole[..at], Kind::Snapshot).is_err());
            let mut flipped = whole;
            flipped[at] ^= 1;
            assert!(Header::decode(&flipped, Kind::Snapshot).is_err(), "{at}");
        }
    }

    #[test]
    fn frames_come_back_until_one_is_damaged() {
        let mut frames = Vec::new();
        for payload in [&b"one"[..], b"two"] {
            assert!(push_frame(&mut frames, |out| out.extend_from_slice(payload)));
        }
        assert!(!push_frame(&mut frames, |_| ()), "an empty one is none");
        let read = |mut frames: &[u8]| {
            let mut payloads = Vec::new();
            while let Some(frame) = next_frame(&mut frames) {
                payloads.push(frame?.to_vec());
            }
            Ok::<_, Fault>(payloads)
        };
        assert_eq!(read(&frames), Ok(vec![b"one".to_vec(), b"two".to_vec()]));
        for len in 1..frames.len() {
            let whole = read(&frames[..len]).is_ok();
            assert_eq!(whole, len == frames.len() / 2, "{len}");
        }
        for at in 0..frames.len() {
            let mut flipped = frames.clone();
            flipped[at] ^= 0x80;
            assert!(read(&flipped).is_err(), "{at}");
        }
    }
}
