//! What is beside a recording in a member's header (RFC 1952, 2.3.1.1), where every reader passes
//! it by.

use libdeflater::crc32;
use memchr::memchr;

use crate::codec::beside::{Beside, Name};

/// Bytes of a member's header before the optional parts.
const FIXED: [u8; 10] = [0x1f, 0x8b, 8, HAS_EXTRA, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];

const HAS_CHECKSUM: u8 = 2;
const HAS_EXTRA: u8 = 4;
const HAS_NAME: u8 = 8;
const HAS_COMMENT: u8 = 16;
const UNKNOWN_SYSTEM: u8 = 255;

/// A header that carries it.
pub(super) fn with(beside: &Beside) -> Vec<u8> {
    let mut extra = Vec::new();
    for (name, value) in beside.fields() {
        extra.extend(name);
        // Some hundred bytes at most.
        extra.extend((value.len() as u16).to_le_bytes());
        extra.extend(value);
    }
    [&FIXED[..], &(extra.len() as u16).to_le_bytes(), &extra].concat()
}

/// The subfields of a header, in order, as far as they are whole.
pub(in crate::codec) fn fields(gz: &[u8]) -> impl Iterator<Item = (Name, &[u8])> {
    let mut extra = extra(gz).unwrap_or_default();
    std::iter::from_fn(move || {
        let (name, rest) = extra.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (value, others) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        extra = others;
        Some((*name, value))
    })
}

/// Whether a header is what its own checksum says, if it has one. The library passes that by.
pub(super) fn is_sound(gz: &[u8]) -> bool {
    // One that is cut is no header, which the library notices.
    checksums(gz).is_none_or(|(stated, found)| stated == found)
}

/// The checksum that a header states, and the one it has.
fn checksums(gz: &[u8]) -> Option<(u16, u16)> {
    let (fixed, mut rest) = gz.split_first_chunk::<10>()?;
    let [_, _, _, bits, ..] = *fixed;
    if bits & HAS_CHECKSUM == 0 {
        return None;
    }
    if bits & HAS_EXTRA != 0 {
        rest = rest.get(2 + extra(gz)?.len()..)?;
    }
    for part in [HAS_NAME, HAS_COMMENT] {
        if bits & part != 0 {
            rest = rest.get(memchr(0, rest)? + 1..)?;
        }
    }
    let header = gz.get(..gz.len() - rest.len())?;
    let stated = u16::from_le_bytes(*rest.first_chunk()?);
    // The lower half of it.
    Some((stated, crc32(header) as u16))
}

/// The part of a header that is made of subfields, if it has one.
fn extra(gz: &[u8]) -> Option<&[u8]> {
    let (fixed, rest) = gz.split_first_chunk::<10>()?;
    let &[0x1f, 0x8b, 8, bits, ..] = fixed else {
        return None;
    };
    if bits & HAS_EXTRA == 0 {
        return None;
    }
    let (length, rest) = rest.split_first_chunk::<2>()?;
    rest.get(..u16::from_le_bytes(*length).into())
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor, Decompressor};

    use super::*;
    use crate::codec::{Flags, Subject, gzip};

    fn compress(beside: &Beside, content: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut gz = vec![7; 3];
        let len = gzip::compress(&mut compressor, content, beside, &mut gz).unwrap();
        gz.truncate(len);
        gz
    }

    fn decompress(gz: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let len = gzip::decompress(&mut Decompressor::new(), gz, &mut out, 1 << 20).ok()?;
        out.truncate(len);
        Some(out)
    }

    fn beside(gz: &[u8]) -> Beside {
        Beside::of(fields(gz))
    }

    fn flags(recovered: bool, truncated: bool) -> Flags {
        Flags {
            recovered,
            truncated,
        }
    }

    #[test]
    fn what_is_beside_comes_back_and_does_not_change_the_content() {
        let content = b"content, content, content".repeat(100);
        let subjects = [
            None,
            Some(Subject::Integer(-4711)),
            Subject::text(b"ada"),
            Subject::text(&[0xff; 255]),
        ];
        for subject in subjects {
            for (recovered, truncated) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                let set = Beside {
                    flags: flags(recovered, truncated),
                    subject: subject.clone(),
                };
                let gz = compress(&set, &content);
                assert_eq!(beside(&gz), set);
                assert_eq!(decompress(&gz).unwrap(), content);
            }
        }
    }

    #[test]
    fn a_file_with_nothing_beside_is_an_ordinary_one() {
        let gz = compress(&Beside::default(), b"content");
        assert_eq!(gz[3], 0);
    }

    #[test]
    fn flags_alone_are_where_they_were_before_there_were_subjects() {
        let gz = compress(&flags(true, true).into(), b"content");
        let header = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x05\0PR\x01\0\x03";
        assert_eq!(&gz[..17], header);
    }

    #[test]
    fn subfields_of_others_are_skipped() {
        let extra = [&[b'X', b'Y', 2, 0, 9, 9][..], b"PR\x01\0\x02"].concat();
        let gz = [&FIXED[..], &[extra.len() as u8, 0], &extra].concat();
        assert_eq!(beside(&gz), flags(false, true).into());
    }

    #[test]
    fn a_header_that_is_not_what_its_checksum_says_is_refused() {
        let content = b"content";
        let plain = compress(&Beside::default(), content);
        for parts in [
            &[][..],
            &[(HAS_EXTRA, &b"\x05\0PR\x01\0\x03"[..])],
            &[(HAS_NAME, b"x.etf\0")],
            &[
                (HAS_EXTRA, b"\0\0"),
                (HAS_NAME, b"\0"),
                (HAS_COMMENT, b"of it\0"),
            ],
        ] {
            let bits = parts.iter().fold(HAS_CHECKSUM, |bits, (bit, _)| bits | bit);
            let mut gz = [&plain[..3], &[bits], &plain[4..10]].concat();
            parts.iter().for_each(|(_, part)| gz.extend(*part));
            let header = gz.len();
            gz.extend((crc32(&gz) as u16).to_le_bytes());
            gz.extend(&plain[10..]);
            assert_eq!(decompress(&gz).unwrap(), content);
            let twice = [&plain[..], &gz].concat();
            assert_eq!(decompress(&twice).unwrap(), content.repeat(2));
            // The magic, the method and the bits that say what there is are noticed otherwise.
            for at in (4..10).chain(header..header + 2) {
                let mut changed = gz.clone();
                changed[at] ^= 1;
                assert_eq!(decompress(&changed), None, "{at}");
                assert_eq!(decompress(&[&plain[..], &changed].concat()), None, "{at}");
            }
        }
    }

    #[test]
    fn a_cut_header_has_nothing_beside() {
        let set = Beside {
            flags: flags(true, true),
            subject: Subject::text(b"ada"),
        };
        let gz = compress(&set, b"content");
        let end = 12 + 5 + 4 + set.subject.as_ref().unwrap().encode().len();
        for len in 0..end {
            assert_eq!(beside(&gz[..len]), Beside::default(), "{len}");
        }
        assert_eq!(beside(&gz[..end]), set);
    }

    #[test]
    fn whatever_becomes_of_a_subject_the_content_is_read_and_no_other_subject_found() {
        let set = Beside {
            flags: flags(false, true),
            subject: Subject::text(b"ada lovelace"),
        };
        let content = b"content, content".repeat(9);
        let gz = compress(&set, &content);
        let value = 12 + 5 + 4;
        let end = value + set.subject.as_ref().unwrap().encode().len();
        for bit in value * 8..end * 8 {
            let mut changed = gz.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(beside(&changed), set.flags.into(), "{bit}");
            assert_eq!(decompress(&changed).unwrap(), content, "{bit}");
        }
        // Where the header says how long it is, gzip itself may be lost, but to no other content.
        for bit in 0..value * 8 {
            let mut changed = gz.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let found = beside(&changed).subject;
            assert!(found.is_none() || found == set.subject, "{bit}");
            assert!(
                decompress(&changed).is_none_or(|out| out == content),
                "{bit}"
            );
        }
    }
}
