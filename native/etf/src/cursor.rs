use crate::{Error, ErrorKind, Limits};

/// A bounds-checked reader of big-endian numbers and blocks.
///
/// `start` in its methods is where the term being read begins: a cut is reported there, because
/// that is the term which is not whole.
#[derive(Debug, Clone)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
    end: usize,
    /// Whether bytes beyond `end` exist, but exceed the limit.
    capped: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: &Limits) -> Self {
        let (rest, capped) = match bytes.get(..limits.max_bytes) {
            Some(head) => (head, head.len() < bytes.len()),
            None => (bytes, false),
        };
        Cursor {
            rest,
            end: rest.len(),
            capped,
        }
    }

    #[inline]
    pub(crate) fn offset(&self) -> usize {
        self.end - self.rest.len()
    }

    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    #[inline]
    pub(crate) fn u8(&mut self, start: usize) -> Result<u8, Error> {
        match self.rest.split_first() {
            Some((&byte, rest)) => {
                self.rest = rest;
                Ok(byte)
            }
            None => Err(self.cut(start)),
        }
    }

    #[inline]
    pub(crate) fn u16(&mut self, start: usize) -> Result<u16, Error> {
        self.array(start).map(u16::from_be_bytes)
    }

    #[inline]
    pub(crate) fn u32(&mut self, start: usize) -> Result<u32, Error> {
        self.array(start).map(u32::from_be_bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, start: usize) -> Result<[u8; N], Error> {
        match self.rest.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(self.cut(start)),
        }
    }

    #[inline]
    pub(crate) fn take(&mut self, length: usize, start: usize) -> Result<&'a [u8], Error> {
        match self.rest.split_at_checked(length) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.cut(start)),
        }
    }

    /// What has been read since `before` was the rest.
    #[inline]
    pub(crate) fn since(&self, before: &'a [u8]) -> &'a [u8] {
        let read = before.len() - self.rest.len();
        before.get(..read).unwrap_or_default()
    }

    /// Refuses a count of terms that cannot fit in what is left, so that callers may allocate
    /// from it: every term takes at least one byte.
    #[inline]
    pub(crate) fn expect(&self, terms: u64, start: usize) -> Result<(), Error> {
        if terms > self.rest.len() as u64 {
            Err(self.cut(start))
        } else {
            Ok(())
        }
    }

    #[cold]
    fn cut(&self, start: usize) -> Error {
        let kind = if self.capped {
            ErrorKind::TooLarge
        } else {
            ErrorKind::UnexpectedEnd
        };
        Error::new(start, kind)
    }
}
