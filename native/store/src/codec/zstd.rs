//! Zstandard (RFC 8878) whole buffers at a time.

use std::io;

use zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall;
use zstd_safe::{
    CCtx, CParameter, DCtx, ErrorCode, compress_bound, find_frame_compressed_size, get_error_name,
    get_frame_content_size,
};

use super::Error;
use super::beside::{Beside, Name};
use super::space::grow;

/// First four bytes of a frame with content.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// First four bytes of a skippable frame, of sixteen kinds (RFC 8878, 3.1.2). Ours is the eighth,
/// of which no other use is known.
const SKIPPABLE_MAGIC: [u8; 4] = 0x184d_2a57_u32.to_le_bytes();

/// A block of 128 KiB that repeats one byte takes four: no content takes less.
const MAX_RATIO: usize = 32 << 10;

/// As the library returns it: negative.
const TOO_SMALL: ErrorCode = (ZSTD_error_dstSize_tooSmall as usize).wrapping_neg();

/// Whether bytes start like Zstandard. Neither an external term nor JSON starts so.
pub(super) fn is_zstd(bytes: &[u8]) -> bool {
    let Some(&[first, rest @ ..]) = bytes.first_chunk::<4>() else {
        return false;
    };
    let [skippable, skippable_rest @ ..] = SKIPPABLE_MAGIC;
    let any_kind = (first ^ skippable) & 0xf0 == 0 && rest == skippable_rest;
    bytes.starts_with(&MAGIC) || any_kind
}

/// What our skippable frames before the content carry, each after its magic: the size of what
/// follows, which is a name and a value.
pub(super) fn fields(mut file: &[u8]) -> impl Iterator<Item = (Name, &[u8])> {
    std::iter::from_fn(move || {
        let (size, rest) = file
            .strip_prefix(&SKIPPABLE_MAGIC)?
            .split_first_chunk::<4>()?;
        let (field, others) = rest.split_at_checked(u32::from_le_bytes(*size) as usize)?;
        let (name, value) = field.split_first_chunk::<2>()?;
        file = others;
        Some((*name, value))
    })
}

/// The frames that [`fields`] reads.
fn frames_with(beside: &Beside) -> Vec<u8> {
    let mut frames = Vec::new();
    for (name, value) in beside.fields() {
        frames.extend(SKIPPABLE_MAGIC);
        // Some hundred bytes at most.
        frames.extend(((name.len() + value.len()) as u32).to_le_bytes());
        frames.extend(name);
        frames.extend(value);
    }
    frames
}

/// See [`Codec::compress`](crate::codec::Codec::compress).
pub(super) fn compress(
    context: &mut CCtx<'_>,
    level: i32,
    content: &[u8],
    beside: &Beside,
    out: &mut Vec<u8>,
) -> io::Result<usize> {
    let failed = |code| io::Error::other(get_error_name(code));
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::ChecksumFlag(true),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    let head = frames_with(beside);
    let bound = head.len() + compress_bound(content.len());
    if out.len() < bound {
        out.resize(bound, 0);
    }
    let (front, space) = out.split_at_mut(head.len());
    front.copy_from_slice(&head);
    let len = context.compress2(space, content).map_err(failed)?;
    Ok(head.len() + len)
}

/// See [`Codec::decompress`](crate::codec::Codec::decompress). Frames may follow each other, and
/// skippable ones have no content. The window needs no memory, and so no limit: it is what has
/// been decompressed.
pub(super) fn decompress(
    context: &mut DCtx<'_>,
    mut file: &[u8],
    out: &mut Vec<u8>,
    max: usize,
) -> Result<usize, Error> {
    let mut total = 0;
    while !file.is_empty() {
        if !is_zstd(file) {
            return Err(if total == 0 {
                Error::Malformed
            } else {
                Error::TrailingBytes
            });
        }
        let end = find_frame_compressed_size(file).map_err(|_| Error::Malformed)?;
        let (frame, rest) = file.split_at_checked(end).ok_or(Error::Malformed)?;
        total += decompress_frame(context, frame, out, total, max)?;
        file = rest;
    }
    Ok(total)
}

/// Decompresses a frame to `out[at..]`. If it does not state its size, which those who compress
/// a stream can't know, room is made until it fits.
fn decompress_frame(
    context: &mut DCtx<'_>,
    frame: &[u8],
    out: &mut Vec<u8>,
    at: usize,
    max: usize,
) -> Result<usize, Error> {
    let ceiling = frame.len().saturating_mul(MAX_RATIO);
    let stated = get_frame_content_size(frame).map_err(|_| Error::Malformed)?;
    let (mut room, most) = match stated.map(usize::try_from) {
        Some(Ok(size)) if size <= ceiling => (size, size),
        Some(_) => return Err(Error::Malformed),
        None => (frame.len().saturating_mul(8), ceiling),
    };
    let left = max - at;
    if stated.is_some() && room > left {
        return Err(Error::TooLarge);
    }
    loop {
        room = room.min(most).min(left);
        let end = at + room;
        grow(out, end)?;
        let space = out.get_mut(at..end).ok_or(Error::TooLarge)?;
        match context.decompress(space, frame) {
            Ok(len) => return Ok(len),
            Err(TOO_SMALL) if room < most.min(left) => room = room.saturating_mul(2),
            Err(TOO_SMALL) if room < most => return Err(Error::TooLarge),
            Err(_) => return Err(Error::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::codec::{Flags, Subject};

    fn zstd(content: &[u8]) -> Vec<u8> {
        with(content, &Beside::default())
    }

    fn with(content: &[u8], beside: &Beside) -> Vec<u8> {
        let mut out = vec![7; 3];
        let len = compress(&mut CCtx::create(), 3, content, beside, &mut out).unwrap();
        out.truncate(len);
        out
    }

    /// As those write who do not know how much will come.
    fn without_size(content: &[u8]) -> Vec<u8> {
        let mut context = CCtx::create();
        context
            .set_parameter(CParameter::ContentSizeFlag(false))
            .unwrap();
        let mut out = vec![0; compress_bound(content.len())];
        let len = context.compress2(&mut out[..], content).unwrap();
        out.truncate(len);
        assert!(matches!(get_frame_content_size(&out), Ok(None)));
        out
    }

    fn skippable(kind: u8, content: &[u8]) -> Vec<u8> {
        let magic = [0x50 | kind, 0x2a, 0x4d, 0x18];
        [&magic, &(content.len() as u32).to_le_bytes()[..], content].concat()
    }

    fn unzstd(file: &[u8], max: usize) -> Result<Vec<u8>, Error> {
        let mut out = vec![0xaa; 3];
        let len = decompress(&mut DCtx::create(), file, &mut out, max)?;
        out.truncate(len);
        Ok(out)
    }

    #[test]
    fn a_frame_comes_back() {
        for content in [&b""[..], b"x", &[7; 300_000]] {
            assert_eq!(unzstd(&zstd(content), 1 << 20).unwrap(), content);
            assert_eq!(unzstd(&without_size(content), 1 << 20).unwrap(), content);
        }
    }

    #[test]
    fn frames_that_follow_each_other_are_joined_and_skippable_ones_skipped() {
        let long = vec![b'x'; 500_000];
        let frames = [
            skippable(0, b"of someone else"),
            zstd(b"a"),
            without_size(&long),
            skippable(15, b""),
            zstd(b""),
            zstd(&long),
        ];
        let expected = [b"a", &long[..], &long].concat();
        assert_eq!(unzstd(&frames.concat(), 1 << 20).unwrap(), expected);
        assert_eq!(unzstd(&skippable(3, b"alone"), 1 << 20).unwrap(), b"");
    }

    const FLAGS: Flags = Flags {
        recovered: true,
        truncated: false,
    };

    #[test]
    fn what_is_beside_is_in_front_only_where_there_is_something_to_tell() {
        let content = b"content, content".repeat(9);
        let of = |file: &[u8]| Beside::of(fields(file));
        for subject in [None, Some(Subject::Integer(7)), Subject::text(&[255; 255])] {
            for flags in [Flags::default(), FLAGS] {
                let set = Beside {
                    flags,
                    subject: subject.clone(),
                };
                let file = with(&content, &set);
                assert_eq!(of(&file), set);
                assert_eq!(unzstd(&file, 1 << 20).unwrap(), content);
                assert!(file.ends_with(&zstd(&content)));
            }
        }
        assert_eq!(fields(&zstd(&content)).count(), 0);
        let flagged = with(&content, &FLAGS.into());
        assert_eq!(flagged[..11], skippable(7, b"PR\x01"));
        assert_eq!(of(&skippable(7, b"PX\x01")), Beside::default());
        assert_eq!(of(&skippable(6, b"PR\x01")), Beside::default());
        let behind = [skippable(7, b"PX\x01"), flagged].concat();
        assert_eq!(of(&behind), FLAGS.into());
    }

    #[test]
    fn whatever_becomes_of_a_subject_the_content_is_read_and_no_other_subject_found() {
        let set = Beside {
            flags: FLAGS,
            subject: Subject::text(b"ada lovelace"),
        };
        let content = b"content, content".repeat(9);
        let file = with(&content, &set);
        let (value, end) = (11 + 10, file.len() - zstd(&content).len());
        for bit in 0..end * 8 {
            let mut changed = file.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let (found, out) = (Beside::of(fields(&changed)), unzstd(&changed, 1 << 20));
            if bit >= value * 8 {
                assert_eq!(found, FLAGS.into(), "{bit}");
                assert_eq!(out.unwrap(), content, "{bit}");
            } else {
                assert!(found.subject.is_none() || found.subject == set.subject);
                assert!(out.is_err() || out.unwrap() == content, "{bit}");
            }
        }
        for len in 0..end {
            assert_eq!(Beside::of(fields(&file[..len])).subject, None, "{len}");
        }
    }

    #[test]
    fn a_limit_is_kept_whether_the_size_is_stated_or_not() {
        for file in [zstd(&[0; 10_000]), without_size(&[0; 10_000])] {
            assert_eq!(unzstd(&file, 9_999), Err(Error::TooLarge));
            assert!(unzstd(&file, 10_000).is_ok());
        }
        let two = [zstd(&[0; 6_000]), without_size(&[0; 6_000])].concat();
        assert_eq!(unzstd(&two, 11_999), Err(Error::TooLarge));
        assert!(unzstd(&two, 12_000).is_ok());
    }

    #[test]
    fn a_size_that_no_block_can_reach_is_not_allocated() {
        // A frame header with a stated size of eight bytes, and an empty last block.
        let stated = (1_u64 << 40).to_le_bytes();
        let frame = [&MAGIC[..], &[0b1110_0000], &stated, &[1, 0, 0]].concat();
        assert_eq!(unzstd(&frame, usize::MAX), Err(Error::Malformed));
    }

    #[test]
    fn every_cut_is_noticed() {
        let content = b"some content that is worth compressing, compressing, compressing";
        let frame = with(content, &FLAGS.into());
        for len in (1..frame.len()).filter(|len| *len != 11) {
            assert!(unzstd(&frame[..len], 1 << 20).is_err(), "{len}");
        }
        assert_eq!(
            unzstd(&frame[..11], 1 << 20).unwrap(),
            b"",
            "flags and no content"
        );
    }

    #[test]
    fn a_flipped_bit_never_gives_another_content() {
        let content = b"0123456789abcdef, content that repeats, repeats, repeats".repeat(40);
        let frame = zstd(&content);
        let mut harmless = 0;
        for bit in 0..frame.len() * 8 {
            let mut frame = frame.clone();
            frame[bit / 8] ^= 1 << (bit % 8);
            if let Ok(out) = unzstd(&frame, 1 << 20) {
                assert_eq!(out, content, "bit {bit}");
                harmless += 1;
            }
        }
        assert!(harmless < 8, "{harmless} flips went unnoticed");
    }

    #[test]
    fn trailing_bytes_are_noticed() {
        let file = [&zstd(b"content")[..], b"junk"].concat();
        assert_eq!(unzstd(&file, 1 << 20), Err(Error::TrailingBytes));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_within_the_limit(
            bytes in vec(any::<u8>(), 0..200),
            framed: bool,
        ) {
            let file = if framed { [&MAGIC[..], &bytes].concat() } else { bytes };
            if let Ok(out) = unzstd(&file, 1000) {
                prop_assert!(out.len() <= 1000);
            }
        }
    }
}
