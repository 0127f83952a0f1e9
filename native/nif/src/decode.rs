//! External Term Format → term, with the semantics of
//! `:erlang.binary_to_term(bytes, [:safe])`: no atom is ever created.

mod atom;
mod error;
mod spelled;

pub use atom::existing_atom;
pub use error::Error;

use replay_etf::{Limits, Repeats, Replaced, Token, Walker, replace, tag};
use rustler::sys;

use crate::vm::{Env, Raw};
use spelled::Spelled;

/// Nesting the decoder follows on its own stack; deeper terms are handed,
/// whole, to the VM's decoder, which needs no stack.
const MAX_NESTING: u32 = 64;

/// Tag and length of a binary.
const BINARY_HEAD: usize = 5;

/// Longer binaries are compared by [`Repeats`] only.
const MAX_SHARED_BINARY: usize = 64;

/// Decodes one term. Bytes behind it are ignored, as by the VM. What the VM
/// does not have is replaced or an error; see [`replace()`].
///
/// # Errors
/// See [`Error`].
pub fn from_slice<'a>(
    env: rustler::Env<'a>,
    bytes: &[u8],
    limits: &Limits,
    replaced: Replaced,
) -> Result<rustler::Term<'a>, Error> {
    if replaced < Replaced::All {
        return as_it_is(env, bytes, limits, replaced);
    }
    let mut plain = vec![tag::VERSION];
    let term = Walker::new(bytes, limits)?.raw()?;
    replace(term, &Env::of(env), replaced, &mut plain).map_err(|it| Error::of(it, 1))?;
    // A text is longer than an atom.
    let max_bytes = limits.max_bytes.max(plain.len());
    let limits = Limits {
        max_bytes,
        ..*limits
    };
    as_it_is(env, &plain, &limits, Replaced::Functions)
}

/// Decodes a term in which no atom has to be replaced.
fn as_it_is<'a>(
    env: rustler::Env<'a>,
    bytes: &[u8],
    limits: &Limits,
    replaced: Replaced,
) -> Result<rustler::Term<'a>, Error> {
    let walker = Walker::new(bytes, limits)?;
    let mut decoder = Decoder {
        env: Env::of(env),
        bytes,
        limits: *limits,
        replaced,
        walker,
        atoms: Spelled::new(),
        binaries: Spelled::new(),
        repeats: Repeats::new(bytes.len()),
        keys: Vec::with_capacity(64),
        values: Vec::with_capacity(256),
        scratch: Vec::new(),
        empty_map: None,
        empty_tuple: None,
    };
    let term = decoder.term(0)?;
    // SAFETY: the term was made in `env`.
    Ok(unsafe { rustler::Term::new(env, term) })
}

struct Decoder<'a> {
    env: Env,
    bytes: &'a [u8],
    limits: Limits,
    replaced: Replaced,
    walker: Walker<'a>,
    atoms: Spelled<'a>,
    binaries: Spelled<'a>,
    /// Equal terms become one: that saves building it, its memory, and the
    /// collector's work.
    repeats: Repeats<Raw>,
    /// Keys of the maps being built, innermost last.
    keys: Vec<Raw>,
    /// Elements and values of the containers being built, innermost last.
    values: Vec<Raw>,
    scratch: Vec<u8>,
    /// Made once: an allocation for each would take most of the time.
    empty_map: Option<Raw>,
    empty_tuple: Option<Raw>,
}

impl<'a> Decoder<'a> {
    fn term(&mut self, nesting: u32) -> Result<Raw, Error> {
        let offset = self.walker.offset();
        if nesting == MAX_NESTING {
            self.walker.skip()?;
            return self.by_the_vm(offset, self.walker.offset());
        }
        let Some(&first) = self.bytes.get(offset) else {
            return self.fresh(offset, nesting);
        };
        match first {
            // Most terms are short atoms and binaries that were met before:
            // they are recognised by their bytes alone.
            tag::SMALL_ATOM_UTF8 | tag::SMALL_ATOM => {
                let encoded = self.after(offset, 2, |head| usize::from(head[1]));
                self.atom(offset, encoded)
            }
            tag::ATOM_UTF8 | tag::ATOM => {
                let length = |head: &[u8]| usize::from(u16::from_be_bytes([head[1], head[2]]));
                let encoded = self.after(offset, 3, length);
                self.atom(offset, encoded)
            }
            tag::BINARY if self.is_short_binary(offset) => {
                let encoded = self.after(offset, BINARY_HEAD, |head| usize::from(head[4]));
                match encoded.and_then(|encoded| {
                    self.binaries
                        .get(&encoded[BINARY_HEAD..])
                        .map(|it| (encoded, it))
                }) {
                    Some((encoded, binary)) => {
                        self.walker.skip_equal(encoded.len())?;
                        Ok(binary)
                    }
                    None => self.fresh(offset, nesting),
                }
            }
            tag::BINARY | tag::MAP | tag::LIST | tag::SMALL_TUPLE => {
                if let Some((len, term)) = self.repeats.get(self.bytes, offset) {
                    self.walker.skip_equal(len)?;
                    return Ok(term);
                }
                let term = self.fresh(offset, nesting)?;
                self.repeats
                    .put(self.bytes, offset, self.walker.offset(), term);
                Ok(term)
            }
            _ => self.fresh(offset, nesting),
        }
    }

    /// The bytes from `offset` on: a head of so many, and as many more as it
    /// says.
    #[inline]
    fn after(
        &self,
        offset: usize,
        head: usize,
        more: impl FnOnce(&[u8]) -> usize,
    ) -> Option<&'a [u8]> {
        let rest = self.bytes.get(offset..)?;
        let len = head + more(rest.get(..head)?);
        rest.get(..len)
    }

    /// Whether the binary that begins here is one of those that are shared.
    #[inline]
    fn is_short_binary(&self, offset: usize) -> bool {
        matches!(
            self.bytes.get(offset + 1..offset + BINARY_HEAD),
            Some(&[0, 0, 0, len]) if usize::from(len) <= MAX_SHARED_BINARY
        )
    }

    /// A term that was not read before.
    fn fresh(&mut self, offset: usize, nesting: u32) -> Result<Raw, Error> {
        let env = self.env.as_ptr();
        let token = self.walker.token()?;
        Ok(match token {
            Token::Atom(text) => {
                existing_atom(self.env, text).ok_or(Error::UnknownAtom { offset })?
            }
            // SAFETY: builds a value in the live env.
            Token::Integer(value) => unsafe { sys::enif_make_int64(env, value) },
            Token::Binary(bytes) => self.binary(bytes),
            // SAFETY: as above; no element is read.
            Token::Nil => unsafe { sys::enif_make_list_from_array(env, std::ptr::null(), 0) },
            // SAFETY: as above; the walker lets only finite numbers through.
            Token::Float(value) => unsafe { sys::enif_make_double(env, value) },
            Token::String(bytes) => self.string(bytes),
            Token::Tuple(0) => match self.empty_tuple {
                Some(tuple) => tuple,
                None => {
                    let tuple = self.tuple(0, nesting)?;
                    *self.empty_tuple.insert(tuple)
                }
            },
            Token::Map(0) => match self.empty_map {
                Some(map) => map,
                None => {
                    let map = self.map(offset, 0, nesting)?;
                    *self.empty_map.insert(map)
                }
            },
            Token::Tuple(arity) => self.tuple(arity, nesting + 1)?,
            Token::Map(pairs) => self.map(offset, pairs, nesting + 1)?,
            Token::List(len) => self.list(len, nesting + 1)?,
            // Big integers, bitstrings, pids, ports, references and funs have
            // no constructor in the public interface.
            Token::Big(_) | Token::Bits { .. } | Token::Opaque(..) => {
                self.by_the_vm(offset, self.walker.offset())?
            }
        })
    }

    fn tuple(&mut self, arity: u32, nesting: u32) -> Result<Raw, Error> {
        let start = self.values.len();
        for _ in 0..arity {
            let element = self.term(nesting)?;
            self.values.push(element);
        }
        // SAFETY: `arity` terms of this env lie from `start` on.
        let term = unsafe {
            sys::enif_make_tuple_from_array(self.env.as_ptr(), self.values[start..].as_ptr(), arity)
        };
        self.values.truncate(start);
        Ok(term)
    }

    fn list(&mut self, len: u32, nesting: u32) -> Result<Raw, Error> {
        let start = self.values.len();
        for _ in 0..len {
            let element = self.term(nesting)?;
            self.values.push(element);
        }
        let tail_at = self.walker.offset();
        let proper = self.bytes.get(tail_at) == Some(&tag::NIL);
        let tail = self.term(nesting)?;
        let env = self.env.as_ptr();
        let elements = &self.values[start..];
        // SAFETY: `len` terms of this env lie from `start` on.
        let term = unsafe {
            if proper {
                sys::enif_make_list_from_array(env, elements.as_ptr(), len)
            } else {
                elements.iter().rev().fold(tail, |tail, &head| {
                    sys::enif_make_list_cell(env, head, tail)
                })
            }
        };
        self.values.truncate(start);
        Ok(term)
    }

    fn map(&mut self, offset: usize, pairs: u32, nesting: u32) -> Result<Raw, Error> {
        let (first_key, first_value) = (self.keys.len(), self.values.len());
        for _ in 0..pairs {
            let key = self.term(nesting)?;
            self.keys.push(key);
            let value = self.term(nesting)?;
            self.values.push(value);
        }
        // SAFETY: as many keys as values, all of this env.
        let map = unsafe {
            self.env
                .make_map(&self.keys[first_key..], &self.values[first_value..])
        };
        self.keys.truncate(first_key);
        self.values.truncate(first_value);
        map.ok_or(Error::Refused { offset })
    }

    fn string(&mut self, bytes: &[u8]) -> Raw {
        let env = self.env.as_ptr();
        let start = self.values.len();
        // SAFETY: as in `term`.
        self.values.extend(
            bytes
                .iter()
                .map(|&byte| unsafe { sys::enif_make_int64(env, byte.into()) }),
        );
        // SAFETY: `bytes.len()` terms lie from `start` on; STRING_EXT holds
        // at most 65 535.
        let term = unsafe {
            sys::enif_make_list_from_array(env, self.values[start..].as_ptr(), bytes.len() as u32)
        };
        self.values.truncate(start);
        term
    }

    /// An atom: looked up by its bytes first, its text is read only when they
    /// are new.
    #[inline]
    fn atom(&mut self, offset: usize, encoded: Option<&'a [u8]>) -> Result<Raw, Error> {
        match encoded.and_then(|encoded| Some((encoded.len(), self.atoms.get(encoded)?))) {
            Some((length, atom)) => {
                self.walker.skip_equal(length)?;
                Ok(atom)
            }
            None => self.new_atom(offset),
        }
    }

    #[cold]
    fn new_atom(&mut self, offset: usize) -> Result<Raw, Error> {
        let encoded = self.walker.raw()?;
        let unknown = Error::UnknownAtom { offset };
        let Token::Atom(text) = Walker::bare(encoded, &self.limits).token()? else {
            return Err(unknown);
        };
        let atom = existing_atom(self.env, text).ok_or(unknown)?;
        self.atoms.put(encoded, atom);
        Ok(atom)
    }

    #[inline]
    fn binary(&mut self, bytes: &'a [u8]) -> Raw {
        if bytes.len() > MAX_SHARED_BINARY {
            return self.env.make_binary(bytes);
        }
        if let Some(binary) = self.binaries.get(bytes) {
            return binary;
        }
        let binary = self.env.make_binary(bytes);
        self.binaries.put(bytes, binary);
        binary
    }

    #[cold]
    fn by_the_vm(&mut self, start: usize, end: usize) -> Result<Raw, Error> {
        // The walker has found it well-formed.
        let term = &self.bytes[start..end];
        if let Some(term) = self.env.term_of(term, &mut self.scratch) {
            return Ok(term);
        }
        let mut whole = Vec::new();
        replace(term, &self.env, self.replaced, &mut whole).map_err(|it| Error::of(it, start))?;
        self.env
            .term_of(&whole, &mut self.scratch)
            .ok_or(Error::Refused { offset: start })
    }
}
