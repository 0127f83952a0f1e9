//! What both files of the journal are made of: a header, and rows in [frames](framed).
//!
//! | header | bytes | |
//! | --- | --- | --- |
//! | magic | 8 | `PRINDEX` and a zero |
//! | version | 4 | of everything below |
//! | kind | 4 | snapshot or log |
//! | generation | 8 | of the snapshot; a log goes with the one of the same generation |
//! | count | 4 | rows that follow; 0 for a log, which grows |
//! | checksum | 4 | CRC-32C of the above |
//!
//! Integers are little-endian.

use crc32c::crc32c;

use crate::disk::framed;

const MAGIC: [u8; 8] = *b"PRINDEX\0";
const VERSION: u32 = 2;

/// Bytes of a header.
pub(super) const HEADER_BYTES: usize = 32;

/// A larger row is not believed. An entry of ordinary size is some hundred bytes.
const MAX_ROW_BYTES: usize = 1 << 20;

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
    #[error("{0}")]
    Frame(framed::Fault),
    #[error("it holds something unknown")]
    Unknown,
}

/// It ends too early.
pub(super) const SHORT: Fault = Fault::Frame(framed::Fault::Short);

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
        let (bytes, frames) = file.split_first_chunk::<HEADER_BYTES>().ok_or(SHORT)?;
        let (_, rest) = bytes.split_at(16);
        let (generation, rest) = rest.split_first_chunk::<8>().ok_or(SHORT)?;
        let (count, _) = rest.split_first_chunk::<4>().ok_or(SHORT)?;
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

/// Appends a row that `write` appends, unless it is of no sensible size.
pub(super) fn push_row(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    framed::push(out, MAX_ROW_BYTES, write)
}

/// Takes the first row off `rows`; `None` at the end.
pub(super) fn next_row<'a>(rows: &mut &'a [u8]) -> Option<Result<&'a [u8], Fault>> {
    framed::next(rows, MAX_ROW_BYTES).map(|row| row.map_err(Fault::Frame))
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
}
