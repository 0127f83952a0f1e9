use std::ops::Range;

use super::{MAX_NESTING, mark};
use crate::cursor::Cursor;
use crate::{Error, ErrorKind, Limits, Walker, tag};

/// Writes one event, from what is written of it and what the output has already.
pub(super) struct Rewrite<'c> {
    changes: Cursor<'c>,
    into: &'c mut Vec<u8>,
    /// The event ends here.
    end: usize,
    limits: &'c Limits,
}

/// A container whose elements are being gone through, in the output.
struct Base {
    /// The next element.
    at: usize,
    /// Elements to come.
    left: u32,
    /// Terms of an element.
    terms: u32,
    /// Terms behind the last one: the tail of a list.
    tail: u32,
}

impl<'c> Rewrite<'c> {
    pub(super) fn new(
        changes: &'c [u8],
        into: &'c mut Vec<u8>,
        end: usize,
        limits: &'c Limits,
    ) -> Self {
        Rewrite {
            changes: Cursor::new(changes, limits),
            into,
            end,
            limits,
        }
    }

    /// How long the output is.
    pub(super) fn len(&self) -> usize {
        self.into.len()
    }

    pub(super) fn written(&self, range: Range<usize>) -> &[u8] {
        self.into.get(range).unwrap_or_default()
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.changes.offset(), kind)
    }

    /// The mark or tag that comes next.
    pub(super) fn peek(&self) -> Result<u8, Error> {
        let next = self.changes.rest().first().copied();
        next.ok_or_else(|| self.error(ErrorKind::UnexpectedEnd))
    }

    pub(super) fn next(&mut self) -> Result<u8, Error> {
        let start = self.changes.offset();
        self.changes.u8(start)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Error> {
        let start = self.changes.offset();
        self.changes.u32(start)
    }

    /// Copies so many bytes.
    pub(super) fn put(&mut self, length: usize) -> Result<(), Error> {
        let start = self.changes.offset();
        let bytes = self.changes.take(length, start)?;
        self.room(length)?;
        self.into.extend_from_slice(bytes);
        Ok(())
    }

    /// Copies these bytes, which have to come next.
    pub(super) fn expect(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if !self.changes.rest().starts_with(bytes) {
            let other = self.peek()?;
            return Err(self.error(ErrorKind::UnknownTag(other)));
        }
        self.put(bytes.len())
    }

    /// Copies a number, and returns it.
    pub(super) fn copied_u32(&mut self) -> Result<u32, Error> {
        let number = self.changes.clone().u32(self.changes.offset())?;
        self.put(4)?;
        Ok(number)
    }

    /// Copies one term, and returns where it is.
    pub(super) fn literal(&mut self) -> Result<Range<usize>, Error> {
        let start = self.changes.offset();
        let length = match self.changes.rest() {
            // What nearly every key is; a walker would have to allocate.
            [tag::SMALL_ATOM_UTF8, length, name @ ..]
                if name
                    .get(..usize::from(*length))
                    .is_some_and(<[u8]>::is_ascii) =>
            {
                2 + usize::from(*length)
            }
            _ => length_of(self.changes.rest(), 1, start, self.limits)?,
        };
        let at = self.len();
        self.put(length)?;
        Ok(at..self.len())
    }

    /// Writes once more what the output has already.
    pub(super) fn again(&mut self, range: Range<usize>) -> Result<(), Error> {
        self.room(range.len())?;
        if range.end > self.into.len() {
            return Err(self.error(ErrorKind::BadReference));
        }
        self.into.extend_from_within(range);
        Ok(())
    }

    fn room(&self, length: usize) -> Result<(), Error> {
        if length > self.end.saturating_sub(self.into.len()) {
            return Err(self.error(ErrorKind::TooLarge));
        }
        Ok(())
    }

    /// All was read, and as much written as was said.
    pub(super) fn finish(self) -> Result<(), Error> {
        if self.len() != self.end || !self.changes.rest().is_empty() {
            return Err(self.error(ErrorKind::UnexpectedEnd));
        }
        Ok(())
    }

    /// Writes the container at `at` of the output with what has changed in it, and returns where
    /// it ends there.
    pub(super) fn changed(&mut self, at: usize, nesting: u32) -> Result<usize, Error> {
        if nesting == MAX_NESTING {
            return Err(self.error(ErrorKind::TooDeep));
        }
        let header = self.len();
        let mut base = self.container(at)?;
        let before = base.left;
        let mut count = 0u32;
        loop {
            let more = match self.peek()? {
                mark::REST => break,
                mark::LEFT_OUT => {
                    self.next()?;
                    let elements = self.u32()?;
                    base.at = self.elements(&mut base, elements)?;
                    0
                }
                mark::MANY => {
                    self.next()?;
                    let elements = self.u32()?;
                    self.same(&mut base, elements)?
                }
                same @ mark::SAME..mark::MANY => {
                    self.next()?;
                    self.same(&mut base, u32::from(same))?
                }
                mark::SET => {
                    self.next()?;
                    self.key(&mut base)?;
                    self.literal()?;
                    base.at += length_of(self.rest_at(base.at), 1, base.at, self.limits)?;
                    1
                }
                mark::CHANGED => {
                    self.next()?;
                    self.key(&mut base)?;
                    base.at = self.changed(base.at, nesting + 1)?;
                    1
                }
                _ => {
                    for _ in 0..base.terms {
                        self.literal()?;
                    }
                    1
                }
            };
            count = count.saturating_add(more);
        }
        self.next()?;
        let left = base.left;
        count = count.saturating_add(self.same(&mut base, left)?);
        let tail = length_of(self.rest_at(base.at), base.tail, base.at, self.limits)?;
        self.again(base.at..base.at + tail)?;
        if count != before {
            self.count(header, count)?;
        }
        Ok(base.at + tail)
    }

    /// Writes the head of the container at `at`, and returns its elements.
    fn container(&mut self, at: usize) -> Result<Base, Error> {
        let (length, left, terms, tail) = match *self.rest_at(at) {
            [tag::MAP, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d]), 2, 0),
            [tag::LIST, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d]), 1, 1),
            [tag::LARGE_TUPLE, a, b, c, d, ..] => (5, u32::from_be_bytes([a, b, c, d]), 1, 0),
            [tag::SMALL_TUPLE, arity, ..] => (2, u32::from(arity), 1, 0),
            _ => return Err(self.error(ErrorKind::BadReference)),
        };
        self.again(at..at + length)?;
        Ok(Base {
            at: at + length,
            left,
            terms,
            tail,
        })
    }

    /// Corrects the number of elements in the head of a container.
    fn count(&mut self, header: usize, count: u32) -> Result<(), Error> {
        let kind = self.into.get(header).copied();
        match (kind, self.into.get_mut(header + 1..header + 5)) {
            // An empty list has another tag.
            (Some(tag::MAP), Some(place)) => place.copy_from_slice(&count.to_be_bytes()),
            (Some(tag::LIST), Some(place)) if count > 0 => {
                place.copy_from_slice(&count.to_be_bytes());
            }
            _ => return Err(self.error(ErrorKind::BadReference)),
        }
        Ok(())
    }

    /// Writes the next elements as they were.
    fn same(&mut self, base: &mut Base, elements: u32) -> Result<u32, Error> {
        let end = self.elements(base, elements)?;
        self.again(base.at..end)?;
        base.at = end;
        Ok(elements)
    }

    /// Where the next elements end, which are then behind.
    fn elements(&self, base: &mut Base, elements: u32) -> Result<usize, Error> {
        let left = base.left.checked_sub(elements);
        base.left = left.ok_or_else(|| self.error(ErrorKind::BadReference))?;
        let terms = elements.saturating_mul(base.terms);
        let length = length_of(self.rest_at(base.at), terms, base.at, self.limits)?;
        Ok(base.at + length)
    }

    /// Writes the key of the next pair, if it is a pair; its value is then next.
    fn key(&mut self, base: &mut Base) -> Result<(), Error> {
        let left = base.left.checked_sub(1);
        base.left = left.ok_or_else(|| self.error(ErrorKind::BadReference))?;
        let length = length_of(self.rest_at(base.at), base.terms - 1, base.at, self.limits)?;
        self.again(base.at..base.at + length)?;
        base.at += length;
        Ok(())
    }

    fn rest_at(&self, at: usize) -> &[u8] {
        self.into.get(at..).unwrap_or_default()
    }
}

/// How many bytes the first terms have.
fn length_of(terms: &[u8], count: u32, start: usize, limits: &Limits) -> Result<usize, Error> {
    if count == 0 {
        return Ok(0);
    }
    let mut walker = Walker::bare(terms, limits);
    for _ in 0..count {
        (walker.skip()).map_err(|error| Error::new(start + error.offset, error.kind))?;
    }
    Ok(walker.offset())
}
