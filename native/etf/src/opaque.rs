//! Identifiers and functions: checked part by part, handed out as a block.

use std::ops::RangeInclusive;

use crate::cursor::Cursor;
use crate::{Error, ErrorKind, atom, tag};

/// How many words a reference has. The runtime reads one where none is.
const REFERENCE_WORDS: RangeInclusive<u16> = 1..=5;
/// Most free variables of a closure; the runtime counts them as arguments.
const MAX_FREE_VARIABLES: u32 = 255;
/// The largest creation in the formats that give it one byte.
const MAX_TINY_CREATION: u8 = 3;

/// Reads what follows the tag of a pid.
pub(crate) fn pid(cursor: &mut Cursor<'_>, pid_tag: u8, start: usize) -> Result<(), Error> {
    atom::read(cursor)?;
    cursor.take(8, start)?;
    creation(cursor, pid_tag == tag::PID, start)
}

/// Reads what follows the tag of a port.
pub(crate) fn port(cursor: &mut Cursor<'_>, port_tag: u8, start: usize) -> Result<(), Error> {
    atom::read(cursor)?;
    cursor.take(if port_tag == tag::V4_PORT { 8 } else { 4 }, start)?;
    creation(cursor, port_tag == tag::PORT, start)
}

/// Reads what follows the tag of a reference.
pub(crate) fn reference(cursor: &mut Cursor<'_>, ref_tag: u8, start: usize) -> Result<(), Error> {
    if ref_tag == tag::REFERENCE {
        atom::read(cursor)?;
        cursor.take(4, start)?;
        return creation(cursor, true, start);
    }
    let words = cursor.u16(start)?;
    if !REFERENCE_WORDS.contains(&words) {
        return Err(Error::new(start, ErrorKind::BadIdentifier));
    }
    atom::read(cursor)?;
    creation(cursor, ref_tag == tag::NEW_REFERENCE, start)?;
    cursor.take(usize::from(words) * 4, start)?;
    Ok(())
}

/// Reads what follows the tag of an exported function.
pub(crate) fn export(cursor: &mut Cursor<'_>, start: usize) -> Result<(), Error> {
    atom::read(cursor)?;
    atom::read(cursor)?;
    match cursor.u8(start)? {
        tag::SMALL_INTEGER => cursor.u8(start).map(drop),
        tag::INTEGER if cursor.u32(start)? <= 255 => Ok(()),
        _ => Err(Error::new(start, ErrorKind::BadIdentifier)),
    }
}

/// The head of a closure; its free variables follow as terms.
pub(crate) struct FunHead {
    pub(crate) free_variables: u32,
    /// How many bytes the closure must take, from its tag on.
    pub(crate) length: usize,
}

/// Reads what follows the tag of a closure, up to its free variables.
pub(crate) fn fun(cursor: &mut Cursor<'_>, start: usize) -> Result<FunHead, Error> {
    let size = cursor.u32(start)?;
    // Arity, a digest of the module, and the index of the function within it.
    cursor.take(1 + 16 + 4, start)?;
    let free_variables = cursor.u32(start)?;
    if free_variables > MAX_FREE_VARIABLES {
        return Err(Error::new(start, ErrorKind::BadIdentifier));
    }
    atom::read(cursor)?;
    integer(cursor)?;
    integer(cursor)?;
    any_pid(cursor)?;
    // The size counts itself, but not the tag.
    Ok(FunHead {
        free_variables,
        length: (size as usize).saturating_add(1),
    })
}

fn any_pid(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    let start = cursor.offset();
    match cursor.u8(start)? {
        pid_tag @ (tag::PID | tag::NEW_PID) => pid(cursor, pid_tag, start),
        _ => Err(Error::new(start, ErrorKind::BadIdentifier)),
    }
}

fn integer(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    let start = cursor.offset();
    match cursor.u8(start)? {
        tag::SMALL_INTEGER => cursor.take(1, start).map(drop),
        tag::INTEGER => cursor.take(4, start).map(drop),
        _ => Err(Error::new(start, ErrorKind::BadIdentifier)),
    }
}

fn creation(cursor: &mut Cursor<'_>, tiny: bool, start: usize) -> Result<(), Error> {
    if !tiny {
        return cursor.take(4, start).map(drop);
    }
    if cursor.u8(start)? > MAX_TINY_CREATION {
        return Err(Error::new(start, ErrorKind::BadIdentifier));
    }
    Ok(())
}
