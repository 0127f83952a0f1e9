//! What is to be known of a recording and has no place in it.

use libdeflater::{CompressionError, Compressor};

use super::{gzip, zstd};

/// Bytes of a member's header before the optional parts.
const FIXED: [u8; 10] = [0x1f, 0x8b, 8, HAS_EXTRA, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];

const HAS_EXTRA: u8 = 4;
const UNKNOWN_SYSTEM: u8 = 255;

/// Name of our subfield among the optional parts ("phoenix replay").
const SUBFIELD: [u8; 2] = *b"PR";

/// What happened to a recording on its way to the disk.
///
/// It is kept where every reader skips it: in the gzip header (RFC 1952, 2.3.1.1), or before the
/// content in a skippable frame of Zstandard (RFC 8878, 3.1.2). And only where there is something
/// to tell: other files are byte for byte what they would be without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// It was cut off by a crash and recovered.
    pub(crate) recovered: bool,
    /// Events were refused because there were too many.
    pub(crate) truncated: bool,
}

impl Flags {
    const RECOVERED: u8 = 1;
    const TRUNCATED: u8 = 2;

    /// Reads them from a recording's file.
    pub(crate) fn of(file: &[u8]) -> Flags {
        let byte = subfield(file).or_else(|| zstd::flags_of(file));
        let byte = byte.unwrap_or_default();
        Flags {
            recovered: byte & Flags::RECOVERED != 0,
            truncated: byte & Flags::TRUNCATED != 0,
        }
    }

    pub(crate) fn byte(self) -> u8 {
        let bit = |is, bit| if is { bit } else { 0 };
        bit(self.recovered, Flags::RECOVERED) | bit(self.truncated, Flags::TRUNCATED)
    }

    /// Compresses a recording into a gzip member that carries them. See
    /// [`Codec::compress`](crate::codec::Codec::compress).
    pub(crate) fn gzip(
        self,
        compressor: &mut Compressor,
        content: &[u8],
        gz: &mut Vec<u8>,
    ) -> Result<usize, CompressionError> {
        if self == Flags::default() {
            let bound = compressor.gzip_compress_bound(content.len());
            if gz.len() < bound {
                gz.resize(bound, 0);
            }
            return compressor.gzip_compress(content, gz);
        }
        let [a, b] = SUBFIELD;
        gz.clear();
        gz.extend_from_slice(&FIXED);
        gz.extend_from_slice(&[5, 0, a, b, 1, 0, self.byte()]);
        let start = gz.len();
        gz.resize(start + compressor.deflate_compress_bound(content.len()), 0);
        let space = gz.get_mut(start..).unwrap_or_default();
        let len = compressor.deflate_compress(content, space)?;
        gz.truncate(start + len);
        gz.extend_from_slice(&gzip::trailer_of(content));
        Ok(gz.len())
    }
}

/// The byte in our subfield, if there is one.
fn subfield(gz: &[u8]) -> Option<u8> {
    let (fixed, rest) = gz.split_first_chunk::<10>()?;
    let &[0x1f, 0x8b, 8, bits, ..] = fixed else {
        return None;
    };
    if bits & HAS_EXTRA == 0 {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let mut extra = rest.get(..usize::from(u16::from_le_bytes(*length)))?;
    while let [a, b, low, high, rest @ ..] = extra {
        let (value, others) =
            rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        if [*a, *b] == SUBFIELD {
            return value.first().copied();
        }
        extra = others;
    }
    None
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Decompressor};

    use super::*;

    fn compress(flags: Flags, content: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut gz = vec![7; 3];
        let len = flags.gzip(&mut compressor, content, &mut gz).unwrap();
        gz.truncate(len);
        gz
    }

    #[test]
    fn flags_come_back_and_do_not_change_the_content() {
        let content = b"content, content, content".repeat(100);
        for (recovered, truncated) in [(false, false), (false, true), (true, false), (true, true)] {
            let flags = Flags {
                recovered,
                truncated,
            };
            let gz = compress(flags, &content);
            assert_eq!(Flags::of(&gz), flags);
            let mut out = Vec::new();
            let len = gzip::decompress(&mut Decompressor::new(), &gz, &mut out, 1 << 20).unwrap();
            assert_eq!(&out[..len], content);
        }
    }

    #[test]
    fn a_file_without_flags_is_an_ordinary_one() {
        let gz = compress(Flags::default(), b"content");
        assert_eq!(gz[3], 0);
    }

    #[test]
    fn subfields_of_others_are_skipped() {
        let [a, b] = SUBFIELD;
        let extra = [&[b'X', b'Y', 2, 0, 9, 9][..], &[a, b, 1, 0, 2]].concat();
        let gz = [&FIXED[..], &[extra.len() as u8, 0], &extra].concat();
        assert_eq!(
            Flags::of(&gz),
            Flags {
                recovered: false,
                truncated: true
            }
        );
    }

    #[test]
    fn a_cut_header_has_no_flags() {
        let gz = compress(
            Flags {
                recovered: true,
                truncated: true,
            },
            b"content",
        );
        for len in 0..17 {
            assert_eq!(Flags::of(&gz[..len]), Flags::default(), "{len}");
        }
        assert_ne!(Flags::of(&gz[..17]), Flags::default());
    }
}
