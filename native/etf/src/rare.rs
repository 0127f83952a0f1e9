//! The leaves that recordings seldom hold, kept out of the walker's loop.

use crate::cursor::Cursor;
use crate::{Error, ErrorKind, OpaqueKind, Token, number, opaque, tag};

/// Most bytes of an integer, which has at most 2^16 words of 64 bits in a runtime.
const MAX_INTEGER_BYTES: usize = 512 << 10;

/// Reads what follows the tag; `before` is the input from the tag on.
#[inline(never)]
pub(crate) fn leaf<'a>(
    c: &mut Cursor<'a>,
    term_tag: u8,
    before: &'a [u8],
    start: usize,
) -> Result<Token<'a>, Error> {
    let opaque = match term_tag {
        tag::NEW_FLOAT => return number::float(c.array(start)?, start),
        tag::FLOAT => return number::text_float(c.take(31, start)?, start),
        tag::SMALL_BIG => {
            let length = usize::from(c.u8(start)?);
            return Ok(number::integer(c.u8(start)?, c.take(length, start)?));
        }
        tag::LARGE_BIG => {
            let length = c.u32(start)? as usize;
            if length > MAX_INTEGER_BYTES {
                return Err(Error::new(start, ErrorKind::BadInteger));
            }
            return Ok(number::integer(c.u8(start)?, c.take(length, start)?));
        }
        tag::BIT_BINARY => {
            let length = c.u32(start)? as usize;
            let last_bits = c.u8(start)?;
            return bits(c.take(length, start)?, last_bits, start);
        }
        tag::PID | tag::NEW_PID => {
            opaque::pid(c, term_tag, start)?;
            OpaqueKind::Pid
        }
        tag::PORT | tag::NEW_PORT | tag::V4_PORT => {
            opaque::port(c, term_tag, start)?;
            OpaqueKind::Port
        }
        tag::REFERENCE | tag::NEW_REFERENCE | tag::NEWER_REFERENCE => {
            opaque::reference(c, term_tag, start)?;
            OpaqueKind::Reference
        }
        tag::EXPORT => {
            opaque::export(c, start)?;
            OpaqueKind::Export
        }
        tag::LOCAL => return Err(Error::new(start, ErrorKind::LocalTerm)),
        tag::ATOM_CACHE_REF => return Err(Error::new(start, ErrorKind::AtomCacheRef)),
        other => return Err(Error::new(start, ErrorKind::UnknownTag(other))),
    };
    Ok(Token::Opaque(opaque, c.since(before)))
}

fn bits(bytes: &[u8], last_bits: u8, start: usize) -> Result<Token<'_>, Error> {
    match (bytes.len(), last_bits) {
        (0, 0) => Ok(Token::Binary(bytes)),
        (1.., 8) => Ok(Token::Binary(bytes)),
        (1.., 1..8) => Ok(Token::Bits { bytes, last_bits }),
        _ => Err(Error::new(start, ErrorKind::BadBits)),
    }
}
