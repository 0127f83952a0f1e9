use super::{AROUND_FIELD, Encoder, calendar, key};
use crate::json::templates::{Point, Shape, Templated, Templates, apply};
use crate::json::{MAX_DEPTH, inspect};
use crate::{Error, Token, name, tag};

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

    /// Writes the array or object that comes next, if it is like one before.
    #[inline]
    fn copy(&mut self, around: usize) -> Result<bool, Error> {
        if !self.is_copying() {
            return Ok(false);
        }
        let Some(tag::MAP | tag::LIST | tag::SMALL_TUPLE) = self.next_tag() else {
            return Ok(false);
        };
        let at = self.point(around);
        let shape = Shape::of_term(self.etf, at.offset);
        let Some(copied) = apply(self, at, shape, Self::leaf_at) else {
            return Ok(false);
        };
        self.json.push(b',');
        self.walker.skip_equal(copied.end - at.offset)?;
        Ok(true)
    }

    /// Whether what is alike is looked for.
    #[inline]
    fn is_copying(&self) -> bool {
        self.templates.is_active() && self.overrides.is_clean()
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
                let mark = self.templates.mark();
                self.head(around)?;
                // In its place another leaf might be written in another way.
                self.templates.forget_leaves(mark);
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
            terms_left: 0,
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
                self.templates.leaf(at.level, term, text);
                return Ok(());
            }
        };
        if at.level >= MAX_DEPTH {
            let text = inspect::abbreviated(&mut self.walker, token, depth)?;
            self.string(&text);
            return Ok(());
        }
        if self.is_copying() {
            let shape = Shape::of_term(self.etf, at.offset);
            self.templates.begin(at, shape, self.json.len());
        }
        self.open.push(Open { container, left });
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
        let (at, text_end) = (self.point(around), self.json.len() - 1);
        if let Some((templates, _)) = self.templates() {
            templates.end(at, text_end);
        }
    }

    /// Writes the key of a map's next pair; tells whether it is the one that names a struct.
    fn key(&mut self) -> Result<bool, Error> {
        if let Some((text, length)) = key::text(self.rest()) {
            self.walker.skip_equal(length)?;
            self.member(&text);
            return Ok(false);
        }
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
}

impl Templated for Encoder<'_> {
    #[inline]
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        // A template must not hold members that are to be removed.
        self.overrides
            .is_clean()
            .then_some((&mut self.templates, &mut self.json))
    }
}
