//! Terms that JSON has no place for, as a reader of Elixir writes them.
//!
//! The texts follow Elixir's `inspect/1`, except that a node is given by its name: only the
//! runtime knows its number.

use std::fmt::Write;

use super::{decimal, float};
use crate::cursor::Cursor;
use crate::{Big, Error, Limits, OpaqueKind, Token, Walker, atom, name, tag};

/// Bytes of a binary beyond these are left out: a number takes five times the room of its byte. For
/// people to look at, so not measured.
const MAX_BYTES: usize = 4096;
/// Containers nested more deeply are abbreviated; this is all that recurses in this crate. Small
/// enough for any stack, and deeper than keys of maps are, so not measured.
const MAX_LEVELS: usize = 16;

/// The text of the term that begins with `token`, which was read when `around` containers were
/// open; the rest of it is read from the walker.
pub(super) fn term<'a>(
    walker: &mut Walker<'a>,
    token: Token<'a>,
    around: usize,
    effort: &mut decimal::Effort,
) -> Result<String, Error> {
    let mut out = String::new();
    write_term(walker, token, around, MAX_LEVELS, effort, &mut out)?;
    Ok(out)
}

/// The text that stands for a whole container, whose elements are skipped.
pub(super) fn abbreviated<'a>(
    walker: &mut Walker<'a>,
    token: Token<'a>,
    around: usize,
) -> Result<String, Error> {
    let mut out = String::new();
    // Nothing of it is looked into.
    let mut effort = decimal::Effort::to_write();
    write_term(walker, token, around, 0, &mut effort, &mut out)?;
    Ok(out)
}

/// The digits of an integer beyond 64 bits, if there is time for that.
pub(super) fn digits(big: Big<'_>, effort: &mut decimal::Effort) -> Option<String> {
    let sign = if big.negative { "-" } else { "" };
    effort
        .allows_writing(big.magnitude.len())
        .then(|| sign.to_owned() + &decimal::to_digits(big.magnitude))
}

/// What stands for an integer that is too large.
pub(super) fn size_of(big: Big<'_>) -> String {
    format!("#Integer<{} bytes>", big.magnitude.len())
}

/// A binary that is not text: `<<255, 1>>`.
pub(super) fn bytes(bytes: &[u8]) -> String {
    bits(bytes, 8)
}

/// A bitstring of which the last byte counts for so many bits: `<<255, 1::size(3)>>`.
pub(super) fn bits(bytes: &[u8], last_bits: u8) -> String {
    let shown = bytes.get(..MAX_BYTES).unwrap_or(bytes);
    let mut out = String::from("<<");
    for (index, byte) in shown.iter().enumerate() {
        let separator = if index > 0 { ", " } else { "" };
        let _ = if index + 1 == bytes.len() && last_bits < 8 {
            write!(
                out,
                "{separator}{}::size({last_bits})",
                byte >> (8 - last_bits)
            )
        } else {
            write!(out, "{separator}{byte}")
        };
    }
    out.push_str(if shown.len() < bytes.len() {
        ", ...>>"
    } else {
        ">>"
    });
    out
}

/// An identifier or a function.
pub(crate) fn opaque(kind: OpaqueKind, bytes: &[u8]) -> Result<String, Error> {
    let all = Limits {
        max_bytes: usize::MAX,
        ..Limits::default()
    };
    let mut cursor = Cursor::new(bytes, &all);
    let c = &mut cursor;
    let term_tag = c.u8(0)?;
    Ok(match kind {
        OpaqueKind::Pid => {
            let node = atom::read(c)?;
            format!("#PID<{}.{}.{}>", node.to_str(), c.u32(0)?, c.u32(0)?)
        }
        OpaqueKind::Port => {
            let node = atom::read(c)?;
            let id = match term_tag {
                tag::V4_PORT => u64::from_be_bytes(c.array(0)?),
                _ => u64::from(c.u32(0)?),
            };
            format!("#Port<{}.{id}>", node.to_str())
        }
        OpaqueKind::Reference => reference(c, term_tag)?,
        OpaqueKind::Export => {
            let (module, function) = (atom::read(c)?, atom::read(c)?);
            let arity = integer(c)?;
            let (module, function) = (module.to_str(), function.to_str());
            format!(
                "&{}.{}/{arity}",
                name::inspect(&module),
                name::literal(&function)
            )
        }
        OpaqueKind::Fun => closure(c)?,
    })
}

fn reference(c: &mut Cursor<'_>, term_tag: u8) -> Result<String, Error> {
    let words = if term_tag == tag::REFERENCE {
        1
    } else {
        c.u16(0)?
    };
    let mut out = format!("#Reference<{}", atom::read(c)?.to_str());
    match term_tag {
        tag::REFERENCE => {}
        tag::NEW_REFERENCE => drop(c.u8(0)?),
        _ => drop(c.u32(0)?),
    }
    let words = (0..words)
        .map(|_| c.u32(0))
        .collect::<Result<Vec<u32>, Error>>()?;
    for word in words.iter().rev() {
        let _ = write!(out, ".{word}");
    }
    out.push('>');
    Ok(out)
}

fn closure(c: &mut Cursor<'_>) -> Result<String, Error> {
    c.u32(0)?;
    let arity = c.u8(0)?;
    // A digest of the module, the new index and the number of free variables.
    c.take(16 + 4 + 4, 0)?;
    let module = atom::read(c)?.to_str();
    let (index, unique) = (integer(c)?, integer(c)?);
    Ok(format!(
        "#Function<{index}.{unique}/{arity} in {}>",
        name::inspect(&module)
    ))
}

fn integer(c: &mut Cursor<'_>) -> Result<i32, Error> {
    match c.u8(0)? {
        tag::SMALL_INTEGER => c.u8(0).map(i32::from),
        _ => c.array(0).map(i32::from_be_bytes),
    }
}

fn write_term<'a>(
    walker: &mut Walker<'a>,
    token: Token<'a>,
    around: usize,
    levels: usize,
    effort: &mut decimal::Effort,
    out: &mut String,
) -> Result<(), Error> {
    let (open, elements, close) = match token {
        Token::List(length) => ("[", length, "]"),
        Token::Tuple(arity) => ("{", arity, "}"),
        Token::Map(pairs) => ("%{", pairs, "}"),
        leaf => {
            out.push_str(&leaf_text(leaf, effort)?);
            return Ok(());
        }
    };
    out.push_str(open);
    if elements > 0 && levels == 0 {
        out.push_str("...");
        walker.finish(around)?;
        out.push_str(close);
        return Ok(());
    }
    let levels = levels.saturating_sub(1);
    for index in 0..elements {
        if index > 0 {
            out.push_str(", ");
        }
        if let Token::Map(_) = token {
            key(walker, levels, effort, out)?;
        }
        let (around, token) = (walker.depth(), walker.token()?);
        write_term(walker, token, around, levels, effort, out)?;
    }
    if let Token::List(_) = token {
        let around = walker.depth();
        match walker.token()? {
            Token::Nil => {}
            tail => {
                out.push_str(" | ");
                write_term(walker, tail, around, levels, effort, out)?;
            }
        }
    }
    out.push_str(close);
    Ok(())
}

/// The key of a map and what stands between it and its value.
fn key(
    walker: &mut Walker<'_>,
    levels: usize,
    effort: &mut decimal::Effort,
    out: &mut String,
) -> Result<(), Error> {
    let around = walker.depth();
    match walker.token()? {
        Token::Atom(key) if name::alias(&key.to_str()).is_none() => {
            out.push_str(&name::literal(&key.to_str()));
            out.push_str(": ");
        }
        key => {
            write_term(walker, key, around, levels, effort, out)?;
            out.push_str(" => ");
        }
    }
    Ok(())
}

fn leaf_text(token: Token<'_>, effort: &mut decimal::Effort) -> Result<String, Error> {
    Ok(match token {
        Token::Integer(value) => value.to_string(),
        Token::Big(value) => digits(value, effort).unwrap_or_else(|| size_of(value)),
        Token::Float(value) => float::text(value, &mut float::Buffer::new()).into_owned(),
        Token::Atom(text) => name::inspect(&text.to_str()).into_owned(),
        Token::Binary(binary) => match std::str::from_utf8(binary) {
            Ok(text) => quoted(text),
            Err(_) => bytes(binary),
        },
        Token::Bits { bytes, last_bits } => bits(bytes, last_bits),
        Token::String(characters) => list(characters),
        Token::Opaque(kind, bytes) => opaque(kind, bytes)?,
        Token::Nil | Token::List(_) | Token::Tuple(_) | Token::Map(_) => "[]".to_owned(),
    })
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    name::quote(text, &mut out);
    out
}

/// A list of bytes: `~c"text"` if it is one, otherwise its numbers.
fn list(characters: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(characters)
        && text
            .chars()
            .all(|c| matches!(c, ' '..='~' | '\x07'..='\r' | '\x1b'))
    {
        return format!("~c{}", quoted(text));
    }
    let mut out = String::from("[");
    for (index, character) in characters.iter().enumerate() {
        let _ = write!(out, "{}{character}", if index > 0 { ", " } else { "" });
    }
    out.push(']');
    out
}
