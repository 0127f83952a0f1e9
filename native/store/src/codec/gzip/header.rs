//! The flags of a recording in a member's header (RFC 1952, 2.3.1.1), where every reader passes
//! them by.

/// Bytes of a member's header before the optional parts.
const FIXED: [u8; 10] = [0x1f, 0x8b, 8, HAS_EXTRA, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];

const HAS_EXTRA: u8 = 4;
const UNKNOWN_SYSTEM: u8 = 255;

/// Name of our subfield among the optional parts ("phoenix replay").
const SUBFIELD: [u8; 2] = *b"PR";

/// A header that carries a byte.
pub(super) fn with_flags(byte: u8) -> [u8; 17] {
    let [a, b] = SUBFIELD;
    let [c, d, e, f, g, h, i, j, k, l] = FIXED;
    [c, d, e, f, g, h, i, j, k, l, 5, 0, a, b, 1, 0, byte]
}

/// The byte in our subfield, if there is one.
pub(in crate::codec) fn flags_of(gz: &[u8]) -> Option<u8> {
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
    use libdeflater::{CompressionLvl, Compressor, Decompressor};

    use super::*;
    use crate::codec::Flags;
    use crate::codec::gzip;

    fn compress(flags: Flags, content: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut gz = vec![7; 3];
        let len = gzip::compress(&mut compressor, content, flags, &mut gz).unwrap();
        gz.truncate(len);
        gz
    }

    fn flags(gz: &[u8]) -> Flags {
        Flags::from_byte(flags_of(gz).unwrap_or_default())
    }

    #[test]
    fn flags_come_back_and_do_not_change_the_content() {
        let content = b"content, content, content".repeat(100);
        for (recovered, truncated) in [(false, false), (false, true), (true, false), (true, true)] {
            let set = Flags {
                recovered,
                truncated,
            };
            let gz = compress(set, &content);
            assert_eq!(flags(&gz), set);
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
            flags(&gz),
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
            assert_eq!(flags(&gz[..len]), Flags::default(), "{len}");
        }
        assert_ne!(flags(&gz[..17]), Flags::default());
    }
}
