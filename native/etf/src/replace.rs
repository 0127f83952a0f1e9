//! Terms of another runtime, made readable to this one.

use crate::json::inspect;
use crate::parts::{Identifier, parts_of_closure};
use crate::spelling::Spellings;
use crate::walker::Step;
use crate::{Error, Limits, OpaqueKind, Runtime, Token, Walker, tag};

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
