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
        tag::SMALL_ATOM_UTF8 => small_utf8(cursor, start),
        tag::ATOM_UTF8 => utf8(cursor, start),
        tag::SMALL_ATOM => small_latin1(cursor, start),
        tag::ATOM => latin1(cursor, start),
        tag::ATOM_CACHE_REF => Err(Error::new(start, ErrorKind::AtomCacheRef)),
        _ => Err(Error::new(start, ErrorKind::BadIdentifier)),
    }
}

#[inline]
pub(crate) fn small_utf8<'a>(c: &mut Cursor<'a>, start: usize) -> Result<AtomText<'a>, Error> {
    let length = c.u8(start)?;
    let bytes = c.take(usize::from(length), start)?;
    // 255 bytes never exceed 255 characters.
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(AtomText::Utf8(text)),
        Err(_) => Err(Error::new(start, ErrorKind::BadAtom)),
    }
}

#[inline]
pub(crate) fn utf8<'a>(c: &mut Cursor<'a>, start: usize) -> Result<AtomText<'a>, Error> {
    let length = usize::from(c.u16(start)?);
    if length > MAX_CHARACTERS * MAX_CHARACTER_BYTES {
        return Err(Error::new(start, ErrorKind::BadAtom));
    }
    let bytes = c.take(length, start)?;
    match std::str::from_utf8(bytes) {
        Ok(text) if length <= MAX_CHARACTERS || text.chars().count() <= MAX_CHARACTERS => {
            Ok(AtomText::Utf8(text))
        }
        _ => Err(Error::new(start, ErrorKind::BadAtom)),
    }
}

#[inline]
pub(crate) fn small_latin1<'a>(c: &mut Cursor<'a>, start: usize) -> Result<AtomText<'a>, Error> {
    let length = c.u8(start)?;
    Ok(from_latin1(c.take(usize::from(length), start)?))
}

#[inline]
pub(crate) fn latin1<'a>(c: &mut Cursor<'a>, start: usize) -> Result<AtomText<'a>, Error> {
    let length = usize::from(c.u16(start)?);
    if length > MAX_CHARACTERS {
        return Err(Error::new(start, ErrorKind::BadAtom));
    }
    Ok(from_latin1(c.take(length, start)?))
}

#[inline]
fn from_latin1(bytes: &[u8]) -> AtomText<'_> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => AtomText::Utf8(text),
        _ => AtomText::Latin1(bytes),
    }
}
