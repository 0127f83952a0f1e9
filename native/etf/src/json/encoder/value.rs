use super::alike::shape;
use super::{AROUND_FIELD, Encoder, calendar};
use crate::json::templates::{Point, Shape, Start};
use crate::json::{MAX_DEPTH, escapes, inspect};
use crate::{AtomText, Error, Token, name, tag};

#[derive(Debug, Clone, Copy)]
pub(super) enum Container {
    Tuple,
    /// A tail follows the elements.
    List,
    Map,
}

/// A container being written.
#[derive(Debug)]
pub(super) struct Open {
    container: Container,
    /// How many of its elements or pairs are still to come.
    left: u32,
    start: Start,
}

impl<'a> Encoder<'a> {
    /// Writes a term; `around` containers of JSON are open around it.
    pub(super) fn value(&mut self, around: usize) -> Result<(), Error> {
        loop {
            if !self.copy(around)? {
                self.head(around)?;
            }
            while !self.next(around)? {
                if self.open.is_empty() {
                    return Ok(());
                }
            }
        }
    }

    /// Goes on in the innermost container; tells whether a value follows.
    #[inline]
    fn next(&mut self, around: usize) -> Result<bool, Error> {
        let Some(open) = self.open.last_mut() else {
            return Ok(false);
        };
        let Some(fewer) = open.left.checked_sub(1) else {
            return match open.container {
                Container::List => self.tail(),
                _ => {
                    self.close(around);
                    self.check_length()?;
                    Ok(false)
                }
            };
        };
        open.left = fewer;
        if let Container::Map = open.container
            && self.key()?
        {
            return self.module(around);
        }
        Ok(true)
    }

    /// Writes the value of a struct's key, a module; tells whether it is an array or object, which
    /// is still to come.
    fn module(&mut self, around: usize) -> Result<bool, Error> {
        match self.next_tag() {
            Some(tag::MAP | tag::LIST | tag::SMALL_TUPLE | tag::LARGE_TUPLE) => return Ok(true),
            Some(tag::SMALL_ATOM_UTF8 | tag::ATOM_UTF8 | tag::SMALL_ATOM | tag::ATOM) => {
                if let Token::Atom(module) = self.walker.token()? {
                    self.string(&name::inspect(&module.to_str()));
                }
            }
            _ => {
                let (_, leaves) = self.templates.mark();
                self.head(around)?;
                // In its place another leaf might be written in another way.
                self.templates.forget(leaves);
            }
        }
        Ok(false)
    }

    /// Goes on after a list's elements; tells whether an array or object follows.
    fn tail(&mut self) -> Result<bool, Error> {
        let next = self.next_tag();
        let Some(open) = self.open.last_mut() else {
            return Ok(false);
        };
        if next != Some(tag::LIST) {
            open.container = Container::Tuple;
        }
        if let Some(tag::MAP | tag::SMALL_TUPLE | tag::LARGE_TUPLE) = next {
            return Ok(true);
        }
        match self.walker.token()? {
            // A list may continue in its tail.
            Token::List(more) => open.left = more,
            Token::Nil => {}
            Token::String(bytes) => self.integers(bytes),
            leaf => self.leaf(leaf)?,
        }
        Ok(false)
    }

    fn next_tag(&self) -> Option<u8> {
        self.rest().first().copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.etf.get(self.walker.offset()..).unwrap_or_default()
    }

    pub(super) fn point(&self, around: usize) -> Point<'a> {
        Point {
            source: self.etf,
            offset: self.walker.offset(),
            level: around + self.open.len(),
            // What is copied is not counted.
            terms: 0,
        }
    }

    /// Writes a leaf, or opens a container.
    #[inline]
    fn head(&mut self, around: usize) -> Result<(), Error> {
        let (at, depth) = (self.point(around), self.walker.depth());
        if around == AROUND_FIELD
            && self.next_tag() == Some(tag::MAP)
            && let Some((text, length)) = calendar::iso8601(self.rest())
        {
            self.walker.skip_equal(length)?;
            // No leaf of a template: its parts can't be told from the text.
            self.string(&text);
            return Ok(());
        }
        let token = self.walker.token()?;
        let (container, bracket, left) = match token {
            Token::Tuple(arity) => (Container::Tuple, b'[', arity),
            Token::List(length) => (Container::List, b'[', length),
            Token::Map(pairs) => (Container::Map, b'{', pairs),
            Token::Nil | Token::String(_) if at.level >= MAX_DEPTH => {
                let text = inspect::term(&mut self.walker, token, depth, &mut self.effort)?;
                self.string(&text);
                return Ok(());
            }
            leaf => {
                let start = self.json.len();
                self.leaf(leaf)?;
                let text = start..self.json.len() - 1;
                let term = at.offset..self.walker.offset();
                self.templates.add_leaf(at.level, term, text);
                return Ok(());
            }
        };
        if at.level >= MAX_DEPTH {
            let text = inspect::abbreviated(&mut self.walker, token, depth)?;
            self.string(&text);
            return Ok(());
        }
        let shape = if self.templates.is_active() {
            shape(self.etf, at.offset)
        } else {
            Shape::default()
        };
        self.open.push(Open {
            container,
            left,
            start: self.templates.start(at, shape, self.json.len()),
        });
        self.json.push(bracket);
        if let Container::Map = container {
            self.overrides.open();
        }
        Ok(())
    }

    fn close(&mut self, around: usize) {
        let Some(open) = self.open.pop() else {
            return;
        };
        if let Container::Map = open.container {
            self.overrides.close(&self.json);
            self.end(b'}');
        } else {
            self.end(b']');
        }
        // A template must not hold members that are to be removed.
        if self.overrides.is_clean() {
            let text_end = self.json.len() - 1;
            let at = self.point(around);
            self.templates.add(open.start, at, text_end);
        }
    }

    /// Writes the key of a map's next pair; tells whether it is the one that names a struct.
    fn key(&mut self) -> Result<bool, Error> {
        let depth = self.walker.depth();
        let token = self.walker.token()?;
        let text = match token {
            Token::Atom(key) => {
                self.member(&key.to_str());
                return Ok(key.is("__struct__"));
            }
            Token::Binary(key) => std::str::from_utf8(key).ok(),
            _ => None,
        };
        match text {
            Some(key) => self.member(key),
            None => {
                let key = inspect::term(&mut self.walker, token, depth, &mut self.effort)?;
                self.member(&key);
            }
        }
        Ok(false)
    }

    pub(super) fn leaf(&mut self, token: Token<'a>) -> Result<(), Error> {
        match token {
            Token::Integer(value) => self.integer(value),
            Token::Big(big) => match inspect::digits(big, &mut self.effort) {
                Some(digits) => self.plain(&digits),
                None => self.string(&inspect::size_of(big)),
            },
            Token::Float(value) => self.plain(&inspect::float(value)),
            Token::Atom(AtomText::Utf8("nil")) => self.plain("null"),
            Token::Atom(AtomText::Utf8(text @ ("true" | "false"))) => self.plain(text),
            Token::Atom(text) => self.string(&text.to_str()),
            Token::Binary(bytes) if bytes.is_ascii() => {
                escapes::write(bytes, &mut self.json);
                self.json.push(b',');
            }
            Token::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.string(text),
                Err(_) => self.string(&inspect::bytes(bytes)),
            },
            Token::Bits { bytes, last_bits } => self.string(&inspect::bits(bytes, last_bits)),
            Token::Opaque(kind, bytes) => self.string(&inspect::opaque(kind, bytes)?),
            Token::String(bytes) => {
                self.json.push(b'[');
                self.integers(bytes);
                self.end(b']');
            }
            Token::Nil | Token::List(_) | Token::Tuple(_) | Token::Map(_) => self.plain("[]"),
        }
        Ok(())
    }

    pub(super) fn member(&mut self, key: &str) {
        let start = self.json.len();
        escapes::write(key.as_bytes(), &mut self.json);
        self.overrides.member(&self.json, start);
        self.json.push(b':');
    }

    fn integers(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.integer(i64::from(byte));
        }
    }

    fn integer(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value));
    }

    pub(super) fn string(&mut self, text: &str) {
        escapes::write(text.as_bytes(), &mut self.json);
        self.json.push(b',');
    }

    fn plain(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
        self.json.push(b',');
    }

    /// Ends an array or object, and the value that it is.
    pub(super) fn end(&mut self, bracket: u8) {
        match self.json.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.json.push(bracket),
        }
        self.json.push(b',');
    }
}
