//! The parts of identifiers and closures that have been found well-formed.

use crate::cursor::Cursor;
use crate::{AtomText, Error, Limits, atom, tag};

/// The node of those that are on none.
const NO_NODE: &str = "nonode@nohost";

/// The module of a closure.
pub(crate) fn module_of_closure(bytes: &[u8]) -> Result<AtomText<'_>, Error> {
    parts_of_closure(bytes).map(|(_, module, _)| module)
}

/// A closure up to the pid of its creator, its module, and that pid.
pub(crate) fn parts_of_closure(bytes: &[u8]) -> Result<(&[u8], AtomText<'_>, &[u8]), Error> {
    let mut cursor = cursor(bytes);
    // The tag, the size, the arity, a digest of the module, an index and the number of variables.
    cursor.take(1 + 4 + 1 + 16 + 4 + 4, 0)?;
    let module = atom::read(&mut cursor)?;
    for _ in 0..2 {
        let length = if cursor.u8(0)? == tag::SMALL_INTEGER {
            1
        } else {
            4
        };
        cursor.take(length, 0)?;
    }
    let creator = cursor.rest();
    Ok((cursor.since(bytes), module, creator))
}

/// The parts of a pid, port or reference.
pub(crate) struct Identifier<'a> {
    /// The tag of its form with a creation of 32 bits.
    tag: u8,
    /// How many words a reference has.
    words: Option<u16>,
    pub(crate) node: AtomText<'a>,
    creation: u32,
    numbers: &'a [u8],
}

impl<'a> Identifier<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = cursor(bytes);
        let old_tag = cursor.u8(0)?;
        let words = match old_tag {
            tag::REFERENCE => Some(1),
            tag::NEW_REFERENCE | tag::NEWER_REFERENCE => Some(cursor.u16(0)?),
            _ => None,
        };
        let node = atom::read(&mut cursor)?;
        let creation = |cursor: &mut Cursor<'a>| match old_tag {
            tag::PID | tag::PORT | tag::REFERENCE | tag::NEW_REFERENCE => {
                cursor.u8(0).map(u32::from)
            }
            _ => cursor.u32(0),
        };
        let (tag, length) = match old_tag {
            tag::PID | tag::NEW_PID => (tag::NEW_PID, 8),
            tag::PORT | tag::NEW_PORT => (tag::NEW_PORT, 4),
            tag::V4_PORT => (tag::V4_PORT, 8),
            _ => (tag::NEWER_REFERENCE, usize::from(words.unwrap_or(1)) * 4),
        };
        let before = match old_tag {
            tag::NEW_REFERENCE | tag::NEWER_REFERENCE => Some(creation(&mut cursor)?),
            _ => None,
        };
        let numbers = cursor.take(length, 0)?;
        let creation = match before {
            Some(creation) => creation,
            None => creation(&mut cursor)?,
        };
        Ok(Identifier {
            tag,
            words,
            node,
            creation,
            numbers,
        })
    }

    /// Writes it as one of no node.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.tag);
        if let Some(words) = self.words {
            out.extend_from_slice(&words.to_be_bytes());
        }
        out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, NO_NODE.len() as u8]);
        out.extend_from_slice(NO_NODE.as_bytes());
        let creation = self.creation_without_name().to_be_bytes();
        if self.words.is_some() {
            out.extend_from_slice(&creation);
        }
        out.extend_from_slice(self.numbers);
        if self.words.is_none() {
            out.extend_from_slice(&creation);
        }
    }

    /// What tells it from those of other nodes: a hash (FNV-1a) of the node's name and creation.
    /// Never zero, which would be this runtime's.
    fn creation_without_name(&self) -> u32 {
        let node = self.node.to_str();
        let creation = self.creation.to_be_bytes();
        let hash = node
            .bytes()
            .chain(creation)
            .fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        hash.max(1)
    }
}

fn cursor(bytes: &[u8]) -> Cursor<'_> {
    let all = Limits {
        max_bytes: usize::MAX,
        ..Limits::default()
    };
    Cursor::new(bytes, &all)
}
