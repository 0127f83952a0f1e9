//! Gzip (RFC 1952) whole buffers at a time, with libdeflate.

mod header;

pub(super) use header::fields;

use std::io;

use libdeflater::{Compressor, DecompressionError, Decompressor, crc32};
use memchr::memmem;

use super::Error;
use super::beside::Beside;
use super::space::grow;

/// First two bytes of every gzip member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Header and trailer of a member without content: the least a member takes.
const MIN_MEMBER_BYTES: usize = 18;

/// CRC-32 and size of a member's content, four bytes each.
const TRAILER_BYTES: usize = 8;

/// Deflate's best case: 258 bytes from two bits.
const MAX_RATIO: usize = 1032;

/// Whether bytes start like gzip. Neither an external term nor JSON starts so.
pub(super) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Compresses a recording into a member that carries what is beside it. See
/// [`Codec::compress`](crate::codec::Codec::compress).
pub(super) fn compress(
    compressor: &mut Compressor,
    content: &[u8],
    beside: &Beside,
    gz: &mut Vec<u8>,
) -> io::Result<usize> {
    if *beside == Beside::default() {
        let bound = compressor.gzip_compress_bound(content.len());
        if gz.len() < bound {
            gz.resize(bound, 0);
        }
        return compressor
            .gzip_compress(content, gz)
            .map_err(io::Error::other);
    }
    gz.clear();
    gz.extend_from_slice(&header::with(beside));
    let start = gz.len();
    gz.resize(start + compressor.deflate_compress_bound(content.len()), 0);
    let space = gz.get_mut(start..).unwrap_or_default();
    let len = compressor
        .deflate_compress(content, space)
        .map_err(io::Error::other)?;
    gz.truncate(start + len);
    gz.extend_from_slice(&trailer_of(content));
    Ok(gz.len())
}

/// See [`Codec::decompress`](crate::codec::Codec::decompress).
pub(super) fn decompress(
    decompressor: &mut Decompressor,
    gz: &[u8],
    out: &mut Vec<u8>,
    max: usize,
) -> Result<usize, Error> {
    let Some(trailer) = gz.last_chunk::<TRAILER_BYTES>() else {
        return Err(Error::Malformed);
    };
    let [_, _, _, _, size @ ..] = *trailer;
    let size = u32::from_le_bytes(size) as usize;
    let ceiling = gz.len().saturating_mul(MAX_RATIO);
    if size > ceiling {
        return Err(Error::Malformed);
    }
    if size > max {
        return Err(Error::TooLarge);
    }
    grow(out, size)?;
    let content = out.get_mut(..size).ok_or(Error::OutOfMemory)?;
    if !header::is_sound(gz) {
        return Err(Error::Malformed);
    }
    match decompressor.gzip_decompress(gz, content) {
        Ok(len) if ends_first_member(gz, content.get(..len).unwrap_or_default()) => Ok(len),
        Err(DecompressionError::BadData) => Err(Error::Malformed),
        Ok(_) | Err(DecompressionError::InsufficientSpace) => {
            decompress_members(decompressor, gz, out, max.min(ceiling))
        }
    }
}

/// Whether the first member ends where `gz` does. The library reads the first member only and does
/// not say how long it was; but it ends in eight bytes that are known once its content is.
fn ends_first_member(gz: &[u8], content: &[u8]) -> bool {
    let trailer = trailer_of(content);
    let earlier = gz.split_last().map_or(gz, |(_, earlier)| earlier);
    gz.ends_with(&trailer) && memmem::find(earlier, &trailer).is_none()
}

/// Decompresses members that follow each other, which RFC 1952 allows. Nobody is known to write
/// recordings so, and no time is spent on doing it fast.
fn decompress_members(
    decompressor: &mut Decompressor,
    mut gz: &[u8],
    out: &mut Vec<u8>,
    max: usize,
) -> Result<usize, Error> {
    let mut total = 0;
    loop {
        let len = decompress_first(decompressor, gz, out, total, max)?;
        let space = out
            .get_mut(total..)
            .and_then(|rest| rest.get_mut(..len))
            .ok_or(Error::Malformed)?;
        gz = after_member(decompressor, gz, space)?;
        total += len;
        if gz.is_empty() {
            return Ok(total);
        }
    }
}

/// Decompresses the first member to `out[at..]`, making room until it fits.
fn decompress_first(
    decompressor: &mut Decompressor,
    gz: &[u8],
    out: &mut Vec<u8>,
    at: usize,
    max: usize,
) -> Result<usize, Error> {
    if !header::is_sound(gz) {
        return Err(Error::Malformed);
    }
    let mut room = gz.len().saturating_mul(4);
    loop {
        let end = at.saturating_add(room).min(max);
        grow(out, end)?;
        let space = out.get_mut(at..end).ok_or(Error::TooLarge)?;
        match decompressor.gzip_decompress(gz, space) {
            Ok(len) => return Ok(len),
            Err(DecompressionError::BadData) => return Err(Error::Malformed),
            Err(DecompressionError::InsufficientSpace) if end == max => {
                return Err(Error::TooLarge);
            }
            Err(DecompressionError::InsufficientSpace) => room = room.saturating_mul(2),
        }
    }
}

/// What follows the first member, whose content is known, and with it the eight bytes that it
/// ends in. These may be within it too: it ends where it can first be read. Nothing or another
/// member must follow.
fn after_member<'a>(
    decompressor: &mut Decompressor,
    gz: &'a [u8],
    content: &mut [u8],
) -> Result<&'a [u8], Error> {
    let trailer = trailer_of(content);
    let ends: Vec<usize> = (MIN_MEMBER_BYTES..=gz.len())
        .filter(|&end| gz.get(..end).is_some_and(|it| it.ends_with(&trailer)))
        .collect();
    let mut reads = |end: usize| {
        let member = gz.get(..end).unwrap_or_default();
        decompressor.gzip_decompress(member, content).is_ok()
    };
    let first = ends.partition_point(|&end| !reads(end));
    let end = *ends.get(first).ok_or(Error::TrailingBytes)?;
    // What could not be read may have left something else.
    reads(end);
    match gz.get(end..) {
        Some(rest) if rest.is_empty() || is_gzip(rest) => Ok(rest),
        _ => Err(Error::TrailingBytes),
    }
}

/// What a member ends in.
fn trailer_of(content: &[u8]) -> [u8; TRAILER_BYTES] {
    let [a, b, c, d] = crc32(content).to_le_bytes();
    // The format wants the size modulo 2^32.
    let [e, f, g, h] = (content.len() as u32).to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use libdeflater::{CompressionLvl, Compressor};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::default());
        let mut gz = vec![0; compressor.gzip_compress_bound(content.len())];
        let len = compressor.gzip_compress(content, &mut gz).unwrap();
        gz.truncate(len);
        gz
    }

    fn gunzip(gz: &[u8], max: usize) -> Result<Vec<u8>, Error> {
        let mut out = vec![0xaa; 3];
        let len = decompress(&mut Decompressor::new(), gz, &mut out, max)?;
        out.truncate(len);
        Ok(out)
    }

    #[test]
    fn one_member_comes_back() {
        for content in [&b""[..], b"x", &[7; 100_000]] {
            assert_eq!(gunzip(&gzip(content), 1 << 20).unwrap(), content);
        }
    }

    #[test]
    fn members_that_follow_each_other_are_joined() {
        let long = vec![b'x'; 50_000];
        let cases: [&[&[u8]]; 5] = [
            &[b"a", b"b"],
            &[&long, b"b"],
            &[b"a", &long],
            &[b"", b"", b"a", b""],
            &[b"", b""],
        ];
        for members in cases {
            let gz: Vec<u8> = members.iter().flat_map(|content| gzip(content)).collect();
            assert_eq!(gunzip(&gz, 1 << 20).unwrap(), members.concat());
        }
    }

    #[test]
    fn a_limit_is_kept_whatever_the_trailer_states() {
        let gz = gzip(&[0; 10_000]);
        assert_eq!(gunzip(&gz, 9_999), Err(Error::TooLarge));
        let mut modest = gz.clone();
        let size = modest.len() - 4;
        modest[size..].copy_from_slice(&5u32.to_le_bytes());
        assert_eq!(gunzip(&modest, 9_999), Err(Error::TooLarge));
        let two = [gzip(&[0; 6_000]), gzip(&[0; 6_000])].concat();
        assert_eq!(gunzip(&two, 9_999), Err(Error::TooLarge));
    }

    #[test]
    fn a_size_that_deflate_can_not_reach_is_not_allocated() {
        let mut gz = gzip(b"x");
        let size = gz.len() - 4;
        gz[size..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(gunzip(&gz, usize::MAX), Err(Error::Malformed));
    }

    #[test]
    fn every_cut_is_noticed() {
        let gz = gzip(b"some content that is worth compressing, compressing, compressing");
        for len in 0..gz.len() {
            assert!(gunzip(&gz[..len], 1 << 20).is_err(), "{len}");
        }
    }

    #[test]
    fn trailing_bytes_are_noticed() {
        let member = gzip(b"content");
        // Also if they end in what a member ends in.
        for junk in [&b"junk"[..], &member[1..], &member[member.len() - 8..]] {
            let gz = [&member[..], junk].concat();
            assert!(gunzip(&gz, 1 << 20).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_within_the_limit(
            bytes in vec(any::<u8>(), 0..200),
            framed: bool,
        ) {
            let gz = if framed { [&MAGIC[..], &[8, 0], &bytes].concat() } else { bytes };
            if let Ok(out) = gunzip(&gz, 1000) {
                prop_assert!(out.len() <= 1000);
            }
        }

        #[test]
        fn a_flipped_bit_never_gives_another_content(
            content in vec(any::<u8>(), 1..500),
            at: proptest::sample::Index,
            bit in 0..8u8,
        ) {
            let mut gz = gzip(&content);
            let at = at.index(gz.len());
            gz[at] ^= 1 << bit;
            if let Ok(out) = gunzip(&gz, 1 << 20) {
                prop_assert_eq!(out, content);
            }
        }
    }
}
