//! Zstandard (RFC 8878) whole buffers at a time.

use std::io;

use zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall;
use zstd_safe::{
    CCtx, CParameter, DCtx, ErrorCode, compress_bound, find_frame_compressed_size, get_error_name,
    get_frame_content_size,
};

use crate::codec::{Error, grow};
use crate::flags::Flags;

/// First four bytes of a frame with content.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();

/// First four bytes of a skippable frame, of sixteen kinds (RFC 8878, 3.1.2). Ours is the eighth,
/// of which no other use is known.
const SKIPPABLE_MAGIC: [u8; 4] = 0x184d_2a57_u32.to_le_bytes();

/// What our skippable frame starts with, after the magic: the size of what follows, and a name
/// ("phoenix replay"). The flags are the byte after it.
const FLAGS_HEAD: [u8; 6] = [3, 0, 0, 0, b'P', b'R'];

/// A block of 128 KiB that repeats one byte takes four: no content takes less.
const MAX_RATIO: usize = 32 << 10;

/// As the library returns it: negative.
const TOO_SMALL: ErrorCode = (ZSTD_error_dstSize_tooSmall as usize).wrapping_neg();

/// Whether bytes start like Zstandard. Neither an external term nor JSON starts so.
pub(crate) fn is_zstd(bytes: &[u8]) -> bool {
    let Some(&[first, rest @ ..]) = bytes.first_chunk::<4>() else {
        return false;
    };
    let [skippable, skippable_rest @ ..] = SKIPPABLE_MAGIC;
    let any_kind = (first ^ skippable) & 0xf0 == 0 && rest == skippable_rest;
    bytes.starts_with(&MAGIC) || any_kind
}

/// The byte that our skippable frame carries, if the file starts with one.
pub(crate) fn flags_of(file: &[u8]) -> Option<u8> {
    file.strip_prefix(&SKIPPABLE_MAGIC)?
        .strip_prefix(&FLAGS_HEAD)?
        .first()
        .copied()
}

/// See [`Codec::compress`](crate::codec::Codec::compress).
pub(crate) fn compress(
    context: &mut CCtx<'_>,
    level: i32,
    content: &[u8],
    flags: Flags,
    out: &mut Vec<u8>,
) -> io::Result<usize> {
    let failed = |code| io::Error::other(get_error_name(code));
    for parameter in [
        CParameter::CompressionLevel(level),
        CParameter::ChecksumFlag(true),
    ] {
        context.set_parameter(parameter).map_err(failed)?;
    }
    let start = if flags == Flags::default() {
        0
    } else {
        let frame = [&SKIPPABLE_MAGIC[..], &FLAGS_HEAD, &[flags.byte()]].concat();
        out.splice(..out.len().min(frame.len()), frame.iter().copied());
        frame.len()
    };
    let bound = start + compress_bound(content.len());
    if out.len() < bound {
        out.resize(bound, 0);
    }
    let space = out.get_mut(start..).unwrap_or_default();
    let len = context.compress2(space, content).map_err(failed)?;
    Ok(start + len)
}

/// See [`Codec::decompress`](crate::codec::Codec::decompress). Frames may follow each other, and
/// skippable ones have no content. The window needs no memory, and so no limit: it is what has
/// been decompressed.
pub(crate) fn decompress(
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
