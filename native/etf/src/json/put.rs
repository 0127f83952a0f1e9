//! EtfWriter, written in the External Term Format.

use super::decimal;
use crate::tag;

pub(super) fn atom(text: &str, out: &mut Vec<u8>) {
    // An atom has at most 255 characters of at most four bytes.
    match u8::try_from(text.len()) {
        Ok(length) => out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, length]),
        Err(_) => {
            out.push(tag::ATOM_UTF8);
            out.extend_from_slice(&(text.len() as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(text.as_bytes());
}

#[inline]
pub(super) fn binary(bytes: &[u8], out: &mut Vec<u8>) {
    head(tag::BINARY, bytes.len(), out);
    out.extend_from_slice(bytes);
}

#[inline]
pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    if let Ok(small) = u8::try_from(value) {
        out.extend_from_slice(&[tag::SMALL_INTEGER, small]);
    } else if let Ok(medium) = i32::try_from(value) {
        out.push(tag::INTEGER);
        out.extend_from_slice(&medium.to_be_bytes());
    } else {
        let bytes = value.unsigned_abs().to_le_bytes();
        let zeros = value.unsigned_abs().leading_zeros() as usize / 8;
        let magnitude = bytes.get(..bytes.len() - zeros).unwrap_or(&bytes);
        big(value < 0, magnitude, out);
    }
}

/// An integer beyond 64 bits by its decimal digits.
#[cold]
pub(super) fn digits(negative: bool, digits: &str, out: &mut Vec<u8>) {
    big(negative, &decimal::to_magnitude(digits), out);
}

fn big(negative: bool, magnitude: &[u8], out: &mut Vec<u8>) {
    match u8::try_from(magnitude.len()) {
        Ok(length) => out.extend_from_slice(&[tag::SMALL_BIG, length]),
        Err(_) => head(tag::LARGE_BIG, magnitude.len(), out),
    }
    out.push(u8::from(negative));
    out.extend_from_slice(magnitude);
}

pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    out.push(tag::NEW_FLOAT);
    out.extend_from_slice(&value.to_be_bytes());
}

/// A tag and a 32-bit length or count; the reader's cap on the text keeps it within 32 bits.
#[inline]
pub(super) fn head(head_tag: u8, count: usize, out: &mut Vec<u8>) {
    let [a, b, c, d] = (count as u32).to_be_bytes();
    out.extend_from_slice(&[head_tag, a, b, c, d]);
}

/// Sets the count of a head written before at `at`.
#[inline]
pub(super) fn count(count: usize, at: usize, out: &mut [u8]) {
    if let Some(slot) = out.get_mut(at + 1..).and_then(<[u8]>::first_chunk_mut::<4>) {
        *slot = (count as u32).to_be_bytes();
    }
}
