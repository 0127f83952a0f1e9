mod number;
mod sink;
mod string;

use std::borrow::Cow;

pub(super) use number::Number;
pub(super) use sink::{Ignore, Sink};

use super::decimal;
use crate::{Error, ErrorKind, Limits};

/// What is wrong with a JSON text (RFC 8259).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A byte that cannot stand here.
    #[error("unexpected byte {0}")]
    UnexpectedByte(u8),
    /// An unknown escape, or one for half of a character.
    #[error("malformed escape")]
    BadEscape,
    /// A number too large for a float, or written in a way JSON does not allow.
    #[error("malformed number")]
    BadNumber,
}

/// Reads JSON from the front, with an explicit stack.
///
/// A reader of our own, because it must keep integers exact at any size, tell the offset of each
/// fault, and not recurse on the small stacks of the threads it runs on.
pub(super) struct Reader<'a> {
    text: &'a str,
    position: usize,
    /// The closing bytes of the open arrays and objects, outermost first.
    open: Vec<u8>,
    /// Whether the innermost one has just been opened, so that no comma is due.
    fresh: bool,
    max_depth: usize,
    terms_left: u64,
    /// For integers beyond 64 bits.
    effort: decimal::Effort,
}

impl<'a> Reader<'a> {
    pub(super) fn new(json: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        // Counts and lengths of terms have 32 bits, and none exceeds that of the text.
        if json.len() > limits.max_bytes || u32::try_from(json.len()).is_err() {
            return Err(Error::new(0, ErrorKind::TooLarge));
        }
        let text = std::str::from_utf8(json)
            .map_err(|error| fault(error.valid_up_to(), Fault::NotUtf8))?;
        let max_depth = usize::try_from(limits.max_depth).unwrap_or(usize::MAX);
        Ok(Reader {
            max_depth,
            terms_left: limits.max_terms,
            ..Reader::over(text)
        })
    }

    /// Reads a part of a text that has been found to be within all limits.
    pub(super) fn over(text: &'a str) -> Self {
        Reader {
            text,
            position: 0,
            open: Vec::new(),
            fresh: false,
            max_depth: usize::MAX,
            terms_left: u64::MAX,
            effort: decimal::Effort::to_read(),
        }
    }

    /// What has been read since an offset.
    pub(super) fn since(&self, offset: usize) -> &'a str {
        self.text.get(offset..self.position).unwrap_or_default()
    }

    /// Offset of the next value or delimiter.
    pub(super) fn offset(&mut self) -> usize {
        self.skip_whitespace();
        self.position
    }

    /// Requires that nothing but whitespace follows.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.skip_whitespace();
        match self.bytes().get(self.position) {
            None => Ok(()),
            Some(&byte) => Err(fault(self.position, Fault::UnexpectedByte(byte))),
        }
    }

    /// Opens an object if one follows; its members are read by [`Reader::next_key`].
    pub(super) fn object(&mut self) -> Result<bool, Error> {
        self.opens(b'{')
    }

    /// Opens an array if one follows; its elements are announced by [`Reader::next_element`].
    pub(super) fn array(&mut self) -> Result<bool, Error> {
        self.opens(b'[')
    }

    /// The key of the next member, whose value follows; `None` once the object is closed.
    pub(super) fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        if !self.next_element()? {
            return Ok(None);
        }
        self.expect(b'"')?;
        let key = self.string_rest()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// As [`Reader::next_key`], but makes nothing of the key.
    #[inline]
    fn skip_key(&mut self) -> Result<bool, Error> {
        if !self.next_element()? {
            return Ok(false);
        }
        self.expect(b'"')?;
        self.skip_string_rest()?;
        self.expect(b':')?;
        Ok(true)
    }

    /// Whether another element or member follows; closes the array or object if not.
    #[inline]
    pub(super) fn next_element(&mut self) -> Result<bool, Error> {
        let byte = self.peek()?;
        let is_first = std::mem::take(&mut self.fresh);
        if Some(&byte) == self.open.last() {
            self.position += 1;
            self.open.pop();
            return Ok(false);
        }
        if !is_first {
            self.accept_only(b',', byte)?;
        }
        Ok(true)
    }

    /// Reads a string; checks and skips any other value.
    pub(super) fn string(&mut self) -> Result<Option<Cow<'a, str>>, Error> {
        if self.peek()? != b'"' {
            self.value(&mut Ignore)?;
            return Ok(None);
        }
        self.count()?;
        self.position += 1;
        self.string_rest().map(Some)
    }

    /// Reads a `null`, if one follows.
    pub(super) fn null(&mut self) -> Result<bool, Error> {
        let follows = self.peek()? == b'n';
        if follows {
            self.literal("null")?;
        }
        Ok(follows)
    }

    /// Reads a number; checks and skips any other value.
    pub(super) fn any_number(&mut self) -> Result<Option<Number<'a>>, Error> {
        if !matches!(self.peek()?, b'-' | b'0'..=b'9') {
            self.value(&mut Ignore)?;
            return Ok(None);
        }
        self.count()?;
        self.number().map(Some)
    }

    fn opens(&mut self, opening: u8) -> Result<bool, Error> {
        if self.peek()? != opening {
            return Ok(false);
        }
        self.count()?;
        if self.open.len() >= self.max_depth {
            return Err(Error::new(self.position, ErrorKind::TooDeep));
        }
        self.position += 1;
        self.open.push(if opening == b'{' { b'}' } else { b']' });
        self.fresh = true;
        Ok(true)
    }

    fn literal(&mut self, literal: &str) -> Result<(), Error> {
        self.count()?;
        for expected in literal.bytes() {
            let at = self.position;
            let byte = self.byte()?;
            if byte != expected {
                return Err(fault(at, Fault::UnexpectedByte(byte)));
            }
        }
        Ok(())
    }

    #[inline]
    fn expect(&mut self, expected: u8) -> Result<(), Error> {
        let byte = self.peek()?;
        self.accept_only(expected, byte)
    }

    /// Goes on beyond the next byte, which is this one, if it is as expected.
    #[inline]
    fn accept_only(&mut self, expected: u8, byte: u8) -> Result<(), Error> {
        if byte != expected {
            return Err(fault(self.position, Fault::UnexpectedByte(byte)));
        }
        self.position += 1;
        Ok(())
    }

    /// The next byte that is not whitespace; it is not consumed.
    #[inline]
    fn peek(&mut self) -> Result<u8, Error> {
        loop {
            match self.bytes().get(self.position) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.position += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(self.cut()),
            }
        }
    }

    #[inline]
    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes().get(self.position) {
            self.position += 1;
        }
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, Error> {
        let byte = self
            .bytes()
            .get(self.position)
            .copied()
            .ok_or_else(|| self.cut())?;
        self.position += 1;
        Ok(byte)
    }

    #[inline]
    fn count(&mut self) -> Result<(), Error> {
        self.terms_left = self
            .terms_left
            .checked_sub(1)
            .ok_or(Error::new(self.position, ErrorKind::TooManyTerms))?;
        Ok(())
    }

    #[inline]
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    #[cold]
    fn cut(&self) -> Error {
        Error::new(self.text.len(), ErrorKind::UnexpectedEnd)
    }
}

#[cold]
fn fault(offset: usize, fault: Fault) -> Error {
    Error::new(offset, ErrorKind::BadJson(fault))
}
