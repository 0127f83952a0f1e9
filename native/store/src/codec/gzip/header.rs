//! What is beside a recording in a member's header (RFC 1952, 2.3.1.1), where every reader passes
//! it by.

use crate::codec::beside::{Beside, Name};

/// Bytes of a member's header before the optional parts.
const FIXED: [u8; 10] = [0x1f, 0x8b, 8, HAS_EXTRA, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM];

const HAS_EXTRA: u8 = 4;
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
