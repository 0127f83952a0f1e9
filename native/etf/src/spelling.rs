//! How atoms and functions that a runtime does not have are written, so that what was different
//! still is.
//!
//! An atom is its text, a function what `inspect/1` has for it. Of a map's keys two may become
//! equal so. Then the one that is replaced has a mark before its text: `:a`, as an atom is written
//! in code, or if there is that too, `:2:a`, `:3:a` and so on. Keys that are one word are compared
//! within their map. Within a key that is made of several, what is replaced is told from all that
//! stands within such keys: so they need not be compared.

mod words;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::inspect;
use crate::parts::module_of_closure;
use crate::walker::Step;
use crate::{Error, Field, Limits, OpaqueKind, Runtime, Token, Walker, name};
use words::{Replaced, Words, marked};

/// The places, by their offset, where something is not written as anywhere else.
#[derive(Debug, Default)]
pub(crate) struct Spellings(HashMap<usize, Spelling>);

#[derive(Debug)]
enum Spelling {
    /// A module, as it is written in code.
    Module,
    /// With this mark.
    Marked(u32),
}

impl Spellings {
    /// What is to be done at which place in a term, which has been found well-formed.
    ///
    /// # Errors
    ///
    /// None, if it is.
    pub(crate) fn of(term: &[u8], limits: &Limits, runtime: &dyn Runtime) -> Result<Self, Error> {
        let mut survey = Survey {
            term,
            walker: Walker::bare(term, limits),
            runtime,
            maps: Vec::new(),
            words: Words::default(),
            key_at: None,
            within_keys: Words::default(),
            spellings: Spellings::default(),
        };
        loop {
            survey.step()?;
            if survey.walker.depth() == 0 {
                return Ok(survey.finish());
            }
        }
    }

    /// What is written for this text at this offset.
    pub(crate) fn spell<'t>(&self, offset: usize, text: Cow<'t, str>) -> Cow<'t, str> {
        match self.0.get(&offset) {
            None => text,
            Some(Spelling::Module) => name::inspect(&text).into_owned().into(),
            Some(Spelling::Marked(mark)) => marked(*mark, &text).into(),
        }
    }

    /// Marks those words behind the first ones that need it, and forgets them.
    fn keep_apart(&mut self, words: &mut Words<'_>, first: (usize, usize)) {
        words.keep_apart(first, |offset, mark| {
            self.0.insert(offset, Spelling::Marked(mark));
        });
    }
}

struct Survey<'a, 'r> {
    term: &'a [u8],
    walker: Walker<'a>,
    runtime: &'r dyn Runtime,
    /// Maps that are open, outermost first; but none within a key.
    maps: Vec<Map>,
    /// Their keys that are one word.
    words: Words<'a>,
    /// How many containers are around the key that is being read, if it is one itself.
    key_at: Option<usize>,
    /// All that stands within such keys.
    within_keys: Words<'a>,
    spellings: Spellings,
}

struct Map {
    /// How many containers are open in it, itself included.
    depth: usize,
    /// Whether a value comes next.
    value: bool,
    /// And whether that names a module.
    module: bool,
    /// How many words there were before.
    before: (usize, usize),
}

/// Where a term stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Key,
    /// In place of a value which names a module.
    Module,
    WithinKey,
    Elsewhere,
}

impl<'a> Survey<'a, '_> {
    fn step(&mut self) -> Result<(), Error> {
        let (start, around) = (self.walker.offset(), self.walker.depth());
        self.close(around);
        let place = self.place(around);
        let (step, bytes) = self.walker.enter()?;
        if let Some(text) = self.replaced(&step, bytes)? {
            // Of what a closure has captured its text says nothing.
            self.walker.finish(around)?;
            let bytes = self.term.get(start..self.walker.offset());
            let it = Replaced {
                offset: start,
                bytes: bytes.unwrap_or_default(),
                text,
            };
            match (place, step) {
                (Place::Key, _) => self.words.replaced.push(it),
                (Place::WithinKey, _) => self.within_keys.replaced.push(it),
                (Place::Module, Step::Token(Token::Atom(_))) => {
                    self.spellings.0.insert(start, Spelling::Module);
                }
                (Place::Module | Place::Elsewhere, _) => {}
            }
            return Ok(());
        }
        let is_open = self.walker.depth() > around;
        match (place, step) {
            (Place::Key, Step::Token(Token::Binary(text))) => self.words.binaries.push(text),
            (Place::WithinKey, Step::Token(Token::Binary(text))) => {
                self.within_keys.binaries.push(text);
            }
            (Place::Key, Step::Token(Token::Atom(key))) => {
                let is_outermost = around == 1;
                if let Some(map) = self.maps.last_mut() {
                    let view = Field::View.name();
                    map.module = key.is("__struct__") || (is_outermost && key.is(view));
                }
            }
            (Place::Key, _) if is_open => self.key_at = Some(around),
            (Place::Module | Place::Elsewhere, Step::Token(Token::Map(_))) if is_open => {
                self.maps.push(Map {
                    depth: around + 1,
                    value: false,
                    module: false,
                    before: self.words.count(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// Where the next term stands, which is in so many containers.
    fn place(&mut self, around: usize) -> Place {
        if self.key_at.is_some() {
            return Place::WithinKey;
        }
        match self.maps.last_mut() {
            Some(map) if map.depth == around => {
                let (value, module) = (map.value, map.module);
                (map.value, map.module) = (!value, false);
                match (value, module) {
                    (false, _) => Place::Key,
                    (true, true) => Place::Module,
                    (true, false) => Place::Elsewhere,
                }
            }
            _ => Place::Elsewhere,
        }
    }

    /// The text of what the runtime does not have.
    fn replaced(&self, step: &Step<'a>, bytes: &'a [u8]) -> Result<Option<Cow<'a, str>>, Error> {
        Ok(match step {
            Step::Token(Token::Atom(text)) if !self.runtime.has_atom(*text) => Some(text.to_str()),
            Step::Token(Token::Opaque(kind @ OpaqueKind::Export, export))
                if !self.runtime.reads(export) =>
            {
                Some(inspect::opaque(*kind, export)?.into())
            }
            Step::Fun(_) if !self.runtime.has_atom(module_of_closure(bytes)?) => {
                Some(inspect::opaque(OpaqueKind::Fun, bytes)?.into())
            }
            _ => None,
        })
    }

    /// Ends what is complete where the next term is in so many containers.
    fn close(&mut self, around: usize) {
        if self.key_at.is_some_and(|at| around <= at) {
            self.key_at = None;
        }
        while let Some(map) = self.maps.pop_if(|map| around < map.depth) {
            self.spellings.keep_apart(&mut self.words, map.before);
        }
    }

    fn finish(mut self) -> Spellings {
        self.close(0);
        self.spellings.keep_apart(&mut self.within_keys, (0, 0));
        self.spellings
    }
}
