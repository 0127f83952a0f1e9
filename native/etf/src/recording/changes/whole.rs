use std::collections::HashMap;
use std::ops::Range;

use super::rewrite::Rewrite;
use super::{mark, parts};
use crate::{Error, ErrorKind, Limits, tag};

/// Writes events that are written as changes in full again, in the order in which they were
/// recorded.
#[derive(Debug, Clone, Default)]
pub struct Whole {
    /// Where in the output the value is that was recorded last under a key.
    known: HashMap<Vec<u8>, Range<usize>>,
}

impl Whole {
    /// Writes the next event. `into` has to be what the events before were written to, in which
    /// nothing was changed since.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadReference`] for a reference to what was not recorded,
    /// [`ErrorKind::TooLarge`] if it is longer than it says or than the limit, and any
    /// [`ErrorKind`] about malformed terms. What was written of the event by then is of no use,
    /// and no other can follow.
    pub fn append(
        &mut self,
        changes: &[u8],
        into: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<(), Error> {
        let (length, event) = parts(changes)?;
        let end = into.len().saturating_add(length);
        if length > limits.max_bytes {
            return Err(Error::new(0, ErrorKind::TooLarge));
        }
        into.reserve(length);
        let mut event = Rewrite::new(event, into, end, limits);
        let pairs = head(&mut event)?;
        for _ in 0..pairs {
            let key = event.literal()?;
            let range = self.value(&mut event, &key)?;
            let key = event.written(key).to_vec();
            match range {
                Some(range) => self.known.insert(key, range),
                None => self.known.remove(&key),
            };
        }
        event.finish()
    }

    /// Writes a value, and returns where it is if others may refer to it.
    fn value(
        &self,
        event: &mut Rewrite<'_>,
        key: &Range<usize>,
    ) -> Result<Option<Range<usize>>, Error> {
        let known = |event: &Rewrite<'_>| {
            let key = event.written(key.clone());
            let known = self.known.get(key).cloned();
            known.ok_or_else(|| event.error(ErrorKind::BadReference))
        };
        let start = event.len();
        match event.peek()? {
            mark::KEPT => {
                event.next()?;
                let length = event.u32()?;
                event.put(length as usize)?;
            }
            mark::SAME => {
                let value = known(event)?;
                event.next()?;
                event.again(value)?;
            }
            mark::CHANGED => {
                let value = known(event)?;
                event.next()?;
                event.changed(value.start, 0)?;
            }
            _ => {
                event.literal()?;
                return Ok(None);
            }
        }
        Ok(Some(start..event.len()))
    }
}

/// Writes everything before the first pair of the assigns, and returns how many there are.
fn head(event: &mut Rewrite<'_>) -> Result<u32, Error> {
    event.expect(&[tag::SMALL_TUPLE, 3])?;
    // The offset and the type.
    event.literal()?;
    event.literal()?;
    event.expect(&[tag::MAP, 0, 0, 0, 1])?;
    event.literal()?;
    event.expect(&[tag::MAP])?;
    event.copied_u32()
}
