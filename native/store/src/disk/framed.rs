//! Bytes that can be told from damaged ones: a payload behind its length and a checksum.
//!
//! | frame | bytes | |
//! | --- | --- | --- |
//! | length | 4 | of the payload, at least 1 |
//! | checksum | 4 | CRC-32C of the length and the payload |
//! | payload | | |
//!
//! Integers are little-endian. The index on the disk, the notes of erasures and the cursors of
//! queries are made of frames.

use super::crc32c::{crc32c, crc32c_append};

/// Bytes before the payload.
const HEAD_BYTES: usize = 8;

/// Why there is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The bytes end before the frame does.
    #[error("it is cut short")]
    Short,
    /// They are not what was written, or more than is believed.
    #[error("a checksum is wrong")]
    Checksum,
}

/// Appends a frame whose payload `write` appends. An empty payload, or one of more than `max`
/// bytes, makes none, and the answer is false.
pub(crate) fn push(out: &mut Vec<u8>, max: usize, write: impl FnOnce(&mut Vec<u8>)) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    write(out);
    let payload = out.get(start + HEAD_BYTES..).unwrap_or_default();
    let length = match u32::try_from(payload.len()) {
        Ok(length) if length > 0 && payload.len() <= max => length.to_le_bytes(),
        _ => {
            out.truncate(start);
            return false;
        }
    };
    let sum = checksum(length, payload).to_le_bytes();
    if let Some(head) = out.get_mut(start..start + HEAD_BYTES) {
        head.copy_from_slice(&[length, sum].concat());
    }
    true
}

/// Takes the first frame's payload, of at most `max` bytes, off `frames`; `None` at the end.
pub(crate) fn next<'a>(frames: &mut &'a [u8], max: usize) -> Option<Result<&'a [u8], Fault>> {
    if frames.is_empty() {
        return None;
    }
    Some(split(frames, max).map(|(payload, rest)| {
        *frames = rest;
        payload
    }))
}

/// The payload of the one frame, of any size, that these bytes are.
pub(crate) fn only(frame: &[u8]) -> Result<&[u8], Fault> {
    match split(frame, usize::MAX)? {
        (payload, []) => Ok(payload),
        _ => Err(Fault::Checksum),
    }
}

fn split(frames: &[u8], max: usize) -> Result<(&[u8], &[u8]), Fault> {
    let (&length, rest) = frames.split_first_chunk::<4>().ok_or(Fault::Short)?;
    let (&sum, rest) = rest.split_first_chunk::<4>().ok_or(Fault::Short)?;
    let bytes = u32::from_le_bytes(length) as usize;
    if bytes == 0 || bytes > max {
        return Err(Fault::Checksum);
    }
    let (payload, rest) = rest.split_at_checked(bytes).ok_or(Fault::Short)?;
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

    fn framed(payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        assert!(push(&mut frame, 100, |out| out.extend_from_slice(payload)));
        frame
    }

    fn payloads(mut frames: &[u8]) -> Result<Vec<&[u8]>, Fault> {
        std::iter::from_fn(|| next(&mut frames, 100)).collect()
    }

    #[test]
    fn frames_come_back_until_one_is_damaged() {
        let frames = [framed(b"one"), framed(b"two")].concat();
        assert_eq!(payloads(&frames), Ok(vec![&b"one"[..], b"two"]));
        for len in 1..frames.len() {
            let whole = payloads(&frames[..len]).is_ok();
            assert_eq!(whole, len == frames.len() / 2, "{len}");
        }
        for at in 0..frames.len() {
            let mut flipped = frames.clone();
            flipped[at] ^= 0x80;
            assert!(payloads(&flipped).is_err(), "{at}");
        }
    }

    #[test]
    fn a_payload_that_is_empty_or_too_large_makes_no_frame() {
        let mut out = b"before".to_vec();
        assert!(!push(&mut out, 100, |_| ()));
        assert!(!push(&mut out, 100, |out| out.extend_from_slice(&[7; 101])));
        assert_eq!(out, b"before");
    }

    #[test]
    fn a_frame_alone_is_followed_by_nothing() {
        let frame = framed(b"payload");
        assert_eq!(only(&frame), Ok(&b"payload"[..]));
        assert_eq!(only(&[&frame[..], b"x"].concat()), Err(Fault::Checksum));
        assert_eq!(only(b""), Err(Fault::Short));
    }
}
