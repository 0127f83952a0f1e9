//! A map must not have the same key twice, which only a look at all of its keys can tell.

use std::hash::{BuildHasher, RandomState};

use crate::walker::Step;
use crate::{Big, Error, ErrorKind, Token, Walker};

/// Reads one term and refuses maps with a repeated key, wherever they are.
///
/// Keys are compared by a hash that is keyed anew each time, so that no input can be made to
/// collide. Equal terms are the same key in any encoding, but for identifiers and functions, which
/// have to be the same bytes. That 0.0 and -0.0 are one key to runtimes before OTP 27 is left to
/// these.
pub(crate) fn skip(walker: &mut Walker<'_>) -> Result<(), Error> {
    let mut check = Check {
        hasher: RandomState::new(),
        open: Vec::new(),
        keys: Vec::new(),
    };
    loop {
        let start = walker.offset();
        let (step, bytes) = walker.enter()?;
        check.step(step, bytes, start)?;
        if check.open.is_empty() {
            return Ok(());
        }
    }
}

struct Check {
    hasher: RandomState,
    /// Containers being read, outermost first.
    open: Vec<Open>,
    /// Hashes and offsets of the keys of all open maps, innermost last.
    keys: Vec<(u64, usize)>,
}

struct Open {
    kind: Kind,
    /// Where it begins.
    start: usize,
    /// Whether it is a key, or a part of one, so that its hash matters.
    hashed: bool,
    /// Elements, or keys and values, still to come.
    left: u64,
    /// Of what has been read.
    hash: u64,
}

#[derive(Clone, Copy)]
enum Kind {
    Tuple,
    /// Has so many elements so far; a tail follows them.
    List(u64),
    Map {
        /// Where its keys begin among those of all open maps.
        first_key: usize,
        /// The hash of the latest key.
        key: u64,
    },
}

impl Check {
    fn step(&mut self, step: Step<'_>, bytes: &[u8], start: usize) -> Result<(), Error> {
        let hashed = self.open.last().is_some_and(|open| {
            open.hashed || matches!(open.kind, Kind::Map { .. } if open.left.is_multiple_of(2))
        });
        let (kind, left) = match step {
            Step::Token(Token::Tuple(arity @ 1..)) => (Kind::Tuple, u64::from(arity)),
            Step::Fun(variables @ 1..) => (Kind::Tuple, u64::from(variables)),
            Step::Token(Token::Map(pairs @ 1..)) => {
                let first_key = self.keys.len();
                (Kind::Map { first_key, key: 0 }, u64::from(pairs) * 2)
            }
            Step::Token(Token::List(length)) => match self.open.last_mut() {
                // A list may continue in its tail.
                Some(open) if open.left == 0 => {
                    open.left = length.into();
                    return Ok(());
                }
                _ => (Kind::List(0), u64::from(length)),
            },
            leaf => {
                let hash = if hashed { self.leaf(&leaf, bytes) } else { 0 };
                return self.complete(hash, start, leaf);
            }
        };
        let hash = match step {
            Step::Fun(_) if hashed => self.hasher.hash_one((5, bytes)),
            Step::Token(Token::Tuple(arity)) if hashed => self.hasher.hash_one((6, arity)),
            _ => 0,
        };
        self.open.push(Open {
            kind,
            start,
            hashed,
            left,
            hash,
        });
        Ok(())
    }

    /// Adds a term to the container it is in, and what that completes to the one around it.
    fn complete(&mut self, mut hash: u64, mut start: usize, last: Step<'_>) -> Result<(), Error> {
        let mut last = Some(last);
        let hasher = &self.hasher;
        while let Some(open) = self.open.last_mut() {
            let before = open.left;
            open.left = before.saturating_sub(1);
            match &mut open.kind {
                Kind::Map { key, .. } if before.is_multiple_of(2) => {
                    *key = hash;
                    self.keys.push((hash, start));
                }
                Kind::Map { key, .. } => {
                    if open.hashed {
                        // Pairs may come in any order.
                        let pair = hasher.hash_one((7, *key, hash));
                        open.hash = open.hash.wrapping_add(pair);
                    }
                }
                Kind::Tuple => open.hash = hasher.hash_one((open.hash, hash)),
                Kind::List(length) if before > 0 => {
                    *length += 1;
                    open.hash = hasher.hash_one((open.hash, hash));
                }
                // The tail; without an element it is all there is.
                Kind::List(0) => open.hash = hash,
                Kind::List(_) => {
                    open.hash = match last {
                        Some(Step::Token(Token::String(bytes))) => bytes
                            .iter()
                            .fold(open.hash, |hash, byte| element(hasher, hash, *byte)),
                        Some(Step::Token(Token::Nil)) => open.hash,
                        _ => hasher.hash_one((8, open.hash, hash)),
                    };
                }
            }
            let is_list = matches!(open.kind, Kind::List(_));
            if open.left > 0 || (is_list && before > 0) {
                return Ok(());
            }
            let Some(open) = self.open.pop() else {
                return Ok(());
            };
            if let Kind::Map { first_key, .. } = open.kind {
                distinct(self.keys.get_mut(first_key..).unwrap_or_default())?;
                self.keys.truncate(first_key);
            }
            (hash, start, last) = (open.hash, open.start, None);
        }
        Ok(())
    }

    fn leaf(&self, leaf: &Step<'_>, bytes: &[u8]) -> u64 {
        // The numbers keep kinds apart whose contents may be the same bytes.
        let hasher = &self.hasher;
        match *leaf {
            Step::Token(Token::Integer(value)) => hasher.hash_one((0, value)),
            Step::Token(Token::Big(Big {
                negative,
                magnitude,
            })) => hasher.hash_one((1, negative, magnitude)),
            Step::Token(Token::Float(value)) => hasher.hash_one((2, value.to_bits())),
            Step::Token(Token::Atom(text)) => hasher.hash_one((3, text.to_str())),
            Step::Token(Token::Binary(binary)) => hasher.hash_one((4, binary)),
            // As a list without elements is hashed.
            Step::Token(Token::Nil) => 0,
            Step::Token(Token::String(bytes)) => bytes
                .iter()
                .fold(0, |list, byte| element(hasher, list, *byte)),
            Step::Token(Token::Bits { bytes, last_bits }) => {
                // Bits that do not count may be anything.
                let (last, whole) = bytes.split_last().unwrap_or((&0, &[]));
                hasher.hash_one((9, whole, last >> (8 - last_bits), last_bits))
            }
            _ => hasher.hash_one((5, bytes)),
        }
    }
}

/// The hash of a list with one more byte in it.
fn element(hasher: &RandomState, list: u64, byte: u8) -> u64 {
    hasher.hash_one((list, hasher.hash_one((0, i64::from(byte)))))
}

/// Refuses the same hash twice; each comes with the offset of its key.
fn distinct(keys: &mut [(u64, usize)]) -> Result<(), Error> {
    keys.sort_unstable();
    for pair in keys.windows(2) {
        if let [(hash, _), (next, start)] = pair
            && hash == next
        {
            return Err(Error::new(*start, ErrorKind::DuplicateKey));
        }
    }
    Ok(())
}
