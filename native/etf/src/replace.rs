//! Terms of another runtime, made readable to this one.

use crate::cursor::Cursor;
use crate::json::inspect;
use crate::spelling::Spellings;
use crate::walker::Step;
use crate::{AtomText, Error, Limits, OpaqueKind, Token, Walker, atom, tag};

/// What a runtime has.
pub trait Runtime {
    /// Whether there is this atom.
    fn has_atom(&self, text: AtomText<'_>) -> bool;
    /// Whether it reads this identifier or exported function, a term without its version byte.
    fn reads(&self, term: &[u8]) -> bool;
}

/// What is replaced, of what the runtime does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Replaced {
    /// Nothing.
    Nothing,
    /// Pids, ports and references.
    Identifiers,
    /// These, and functions.
    Functions,
    /// These, and atoms.
    All,
}

/// Something that the runtime does not have, and the offset of the term that mentions it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// An atom.
    Atom(usize),
    /// A function, or the module that it is in.
    Function(usize),
    /// An identifier of a node that the runtime has the atom of, but with impossible numbers.
    Identifier(usize),
}

/// The node of those that are on none.
const NO_NODE: &str = "nonode@nohost";

/// Copies a term without its version byte, which has been found well-formed, to the end of `out`,
/// and replaces in it what the runtime does not have.
///
/// * A pid, port or reference of a node whose name is no atom here becomes one of the node
///   `nonode@nohost`, with the same numbers. The name goes into the creation, so that what was
///   different stays different, but for one pair in 2^32. It never stands for anything that is
///   alive: no running node has that name and a creation.
/// * A function whose module, or which itself, is not here becomes the text that `inspect/1` has
///   for it.
/// * An atom becomes its text: `a`, and `Elixir.My.Module` for a module. In the `view` of a
///   recording, which is the outermost map, and behind `__struct__` in any map, it is `My.Module`,
///   as in a recording in JSON.
///
/// With [`Replaced::All`], keys of a map that were different still are: one that would be equal to
/// another has a mark before its text, `:a` for `a`. The whole term must be given at once.
///
/// # Errors
///
/// [`Missing`], for the first thing that is not replaced.
pub fn replace(
    term: &[u8],
    runtime: &dyn Runtime,
    replaced: Replaced,
    out: &mut Vec<u8>,
) -> Result<(), Missing> {
    // How much there may be has been checked.
    let limits = Limits {
        max_depth: u32::MAX,
        max_bytes: usize::MAX,
        max_terms: u64::MAX,
        max_words: u64::MAX,
    };
    let spellings = match replaced {
        Replaced::All => Spellings::of(term, &limits, runtime)
            .map_err(|error| Missing::Identifier(error.offset))?,
        _ => Spellings::default(),
    };
    let mut copier = Copier {
        walker: Walker::bare(term, &limits),
        runtime,
        replaced,
        spellings,
        closures: Vec::new(),
        out,
    };
    loop {
        copier.step()?;
        if copier.walker.depth() == 0 {
            return Ok(());
        }
    }
}

struct Copier<'a, 'r> {
    walker: Walker<'a>,
    runtime: &'r dyn Runtime,
    replaced: Replaced,
    spellings: Spellings,
    /// Closures whose free variables are being copied: how many containers are open in them, and
    /// where they begin in `out`.
    closures: Vec<(usize, usize)>,
    out: &'r mut Vec<u8>,
}

impl Copier<'_, '_> {
    fn step(&mut self) -> Result<(), Missing> {
        let (start, around) = (self.walker.offset(), self.walker.depth());
        let malformed = |_: Error| Missing::Identifier(start);
        let (step, bytes) = self.walker.enter().map_err(malformed)?;
        match step {
            Step::Token(Token::Atom(text)) if !self.runtime.has_atom(text) => {
                if self.replaced < Replaced::All {
                    return Err(Missing::Atom(start));
                }
                self.binary(&self.spellings.spell(start, text.to_str()));
            }
            Step::Token(Token::Opaque(OpaqueKind::Export, bytes)) => {
                if self.runtime.reads(bytes) {
                    self.out.extend_from_slice(bytes);
                } else {
                    self.text_of(OpaqueKind::Export, bytes, start)?;
                }
            }
            Step::Token(Token::Opaque(_, bytes)) => self.identifier(bytes, start)?,
            Step::Fun(_) => {
                let (head, module, creator) = parts_of_closure(bytes).map_err(malformed)?;
                if !self.runtime.has_atom(module) {
                    self.text_of(OpaqueKind::Fun, bytes, start)?;
                    self.walker.finish(around).map_err(malformed)?;
                } else {
                    let depth = self.walker.depth().max(around + 1);
                    self.closures.push((depth, self.out.len()));
                    self.out.extend_from_slice(head);
                    self.identifier(creator, start)?;
                }
            }
            Step::Token(_) => self.out.extend_from_slice(bytes),
        }
        let depth = self.walker.depth();
        while let Some((_, at)) = self.closures.pop_if(|(within, _)| depth < *within) {
            // The size counts itself, but not the tag.
            let size = (self.out.len() - at - 1) as u32;
            if let Some(place) = self.out.get_mut(at + 1..at + 5) {
                place.copy_from_slice(&size.to_be_bytes());
            }
        }
        Ok(())
    }

    fn text_of(&mut self, kind: OpaqueKind, bytes: &[u8], start: usize) -> Result<(), Missing> {
        match inspect::opaque(kind, bytes) {
            Ok(text) if self.replaced >= Replaced::Functions => {
                self.binary(&self.spellings.spell(start, text.into()));
                Ok(())
            }
            _ => Err(Missing::Function(start)),
        }
    }

    fn binary(&mut self, text: &str) {
        self.out.push(tag::BINARY);
        self.out
            .extend_from_slice(&(text.len() as u32).to_be_bytes());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn identifier(&mut self, bytes: &[u8], start: usize) -> Result<(), Missing> {
        if self.runtime.reads(bytes) {
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let parts = Identifier::of(bytes).map_err(|_| Missing::Identifier(start))?;
        match self.replaced {
            Replaced::Nothing if self.runtime.has_atom(parts.node) => {
                Err(Missing::Identifier(start))
            }
            Replaced::Nothing => Err(Missing::Atom(start)),
            Replaced::Identifiers | Replaced::Functions | Replaced::All => {
                parts.write(self.out);
                Ok(())
            }
        }
    }
}

/// The module of a closure.
pub(crate) fn module_of_closure(bytes: &[u8]) -> Result<AtomText<'_>, Error> {
    parts_of_closure(bytes).map(|(_, module, _)| module)
}

/// A closure up to the pid of its creator, its module, and that pid.
fn parts_of_closure(bytes: &[u8]) -> Result<(&[u8], AtomText<'_>, &[u8]), Error> {
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
struct Identifier<'a> {
    /// The tag of its form with a creation of 32 bits.
    tag: u8,
    /// How many words a reference has.
    words: Option<u16>,
    node: AtomText<'a>,
    creation: u32,
    numbers: &'a [u8],
}

impl<'a> Identifier<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Error> {
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
    fn write(&self, out: &mut Vec<u8>) {
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
