use std::borrow::Cow;

use crate::cursor::Cursor;
use crate::{Error, ErrorKind, tag};

/// The most characters an atom may have.
const MAX_CHARACTERS: usize = 255;
/// The most bytes one character takes in UTF-8.
const MAX_CHARACTER_BYTES: usize = 4;

/// The text of an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomText<'a> {
    /// Latin-1 with at least one character outside ASCII.
    Latin1(&'a [u8]),
    /// UTF-8, which includes every ASCII text, whichever encoding it was written in.
    Utf8(&'a str),
}

impl<'a> AtomText<'a> {
    /// The text as a string; copies only Latin-1 that is not ASCII.
    pub fn to_str(&self) -> Cow<'a, str> {
        match *self {
            AtomText::Utf8(text) => Cow::Borrowed(text),
            AtomText::Latin1(bytes) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        }
    }

    /// Whether the atom is this one; `ascii` must be ASCII.
    #[inline]
    pub(crate) fn is(&self, ascii: &str) -> bool {
        matches!(self, AtomText::Utf8(text) if *text == ascii)
    }
}

/// Reads one atom, tag included; anything else is [`ErrorKind::BadIdentifier`], because this is
/// how the parts of identifiers are read.
pub(crate) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<AtomText<'a>, Error> {
    let start = cursor.offset();
    match cursor.u8(start)? {
        tag::SMALL_ATOM_UTF8 => small_utf8::<false>(cursor, start),
        tag::ATOM_UTF8 => utf8::<false>(cursor, start),
        tag::SMALL_ATOM => small_latin1::<false>(cursor, start),
        tag::ATOM => latin1::<false>(cursor, start),
        tag::ATOM_CACHE_REF => Err(Error::new(start, ErrorKind::AtomCacheRef)),
        _ => Err(Error::new(start, ErrorKind::BadIdentifier)),
    }
}

// What follows the tag of an atom, in each encoding. With `SKIP` the atom is checked as well,
// but its text is not handed out: an empty one stands in for it.

#[inline(always)]
pub(crate) fn small_utf8<'a, const SKIP: bool>(
    cursor: &mut Cursor<'a>,
    start: usize,
) -> Result<AtomText<'a>, Error> {
    let length = usize::from(cursor.u8(start)?);
    let bytes = cursor.take(length, start)?;
    if SKIP && is_ascii(bytes) {
        return Ok(AtomText::Utf8(""));
    }
    match std::str::from_utf8(bytes) {
        // 255 bytes never exceed 255 characters.
        Ok(text) => Ok(AtomText::Utf8(text)),
        Err(_) => Err(Error::new(start, ErrorKind::BadAtom)),
    }
}

#[inline]
pub(crate) fn utf8<'a, const SKIP: bool>(
    cursor: &mut Cursor<'a>,
    start: usize,
) -> Result<AtomText<'a>, Error> {
    let length = usize::from(cursor.u16(start)?);
    let bad = Error::new(start, ErrorKind::BadAtom);
    if length > MAX_CHARACTERS * MAX_CHARACTER_BYTES {
        return Err(bad);
    }
    let bytes = cursor.take(length, start)?;
    if SKIP && length <= MAX_CHARACTERS && is_ascii(bytes) {
        return Ok(AtomText::Utf8(""));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if length <= MAX_CHARACTERS || text.chars().count() <= MAX_CHARACTERS => {
            Ok(AtomText::Utf8(text))
        }
        _ => Err(bad),
    }
}

#[inline]
pub(crate) fn small_latin1<'a, const SKIP: bool>(
    cursor: &mut Cursor<'a>,
    start: usize,
) -> Result<AtomText<'a>, Error> {
    let length = usize::from(cursor.u8(start)?);
    Ok(latin1_text::<SKIP>(cursor.take(length, start)?))
}

#[inline]
pub(crate) fn latin1<'a, const SKIP: bool>(
    cursor: &mut Cursor<'a>,
    start: usize,
) -> Result<AtomText<'a>, Error> {
    let length = usize::from(cursor.u16(start)?);
    if length > MAX_CHARACTERS {
        return Err(Error::new(start, ErrorKind::BadAtom));
    }
    Ok(latin1_text::<SKIP>(cursor.take(length, start)?))
}

#[inline(always)]
fn latin1_text<const SKIP: bool>(bytes: &[u8]) -> AtomText<'_> {
    if SKIP {
        return AtomText::Utf8("");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if is_ascii(bytes) => AtomText::Utf8(text),
        _ => AtomText::Latin1(bytes),
    }
}

/// `bytes.is_ascii()`, but quicker for the few bytes of an atom: eight at a time, and the last
/// ones by overlapping those before. Half of a recording's terms are atoms, and this makes
/// skipping it three times as fast.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    let mut seen = 0;
    if let Some(last) = bytes.last_chunk::<8>() {
        for chunk in bytes.as_chunks::<8>().0 {
            seen |= u64::from_ne_bytes(*chunk);
        }
        seen |= u64::from_ne_bytes(*last);
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        seen = u64::from(u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last));
    } else {
        for byte in bytes {
            seen |= u64::from(*byte);
        }
    }
    seen & 0x8080_8080_8080_8080 == 0
}
