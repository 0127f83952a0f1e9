//! Whether something is in a recording in JSON.

use super::fields::{event, open, open_events};
use super::reader::{Ignore, Number, Reader, Sink};
use super::templates::{Templated, Templates};
use crate::needle::Needle;
use crate::{Error, Field, Limits};

/// As [`recording::contains`](crate::recording::contains()), in JSON: in its strings, with escapes
/// undone, keys among them, and in its integers. `null` is the atom `nil`.
///
/// # Errors
///
/// Those of [`summarize`](super::summarize), in what is looked at.
pub fn contains(json: &[u8], needle: &Needle, limits: &Limits) -> Result<bool, Error> {
    if !needle.may_be_in_json(json) {
        return Ok(false);
    }
    let mut reader = Reader::new(json, limits)?;
    let mut search = Search {
        needle,
        found: false,
    };
    open(&mut reader)?;
    while let Some(key) = reader.next_key()? {
        match Field::from_name(&key) {
            Some(Field::Id | Field::View | Field::ConnectedAt) => reader.value(&mut Ignore)?,
            Some(Field::Events) => is_in_events(&mut reader, &mut search)?,
            Some(Field::Params | Field::Session | Field::Url) => reader.value(&mut search)?,
            Some(Field::Recording) | None => {
                search.text(key.as_bytes());
                reader.value(&mut search)?;
            }
        }
        if search.found {
            return Ok(true);
        }
    }
    reader.end()?;
    Ok(false)
}

/// Reads events up to one that has it.
fn is_in_events(reader: &mut Reader<'_>, search: &mut Search<'_>) -> Result<(), Error> {
    open_events(reader)?;
    while !search.found && reader.next_element()? {
        event(reader, |reader| reader.value(search))?;
    }
    Ok(())
}

struct Search<'n> {
    needle: &'n Needle,
    found: bool,
}

impl Search<'_> {
    fn text(&mut self, text: &[u8]) {
        self.found = self.found || self.needle.is_in_text(text);
    }
}

impl<'a> Sink<'a> for Search<'_> {
    fn null(&mut self) {
        self.text(b"nil");
    }

    fn boolean(&mut self, value: bool) {
        self.text(if value { b"true" } else { b"false" });
    }

    fn number(&mut self, number: Number<'a>) {
        self.found |= match number {
            Number::Integer(value) => self.needle.is_integer(value),
            Number::Digits { negative, digits } => self.needle.is_written(negative, digits),
            Number::Float(_) => false,
        };
    }

    fn string(&mut self, text: &str) {
        self.text(text.as_bytes());
    }

    fn key(&mut self, key: &str) {
        self.text(key.as_bytes());
    }
}

/// A search stops at what it finds, so what is alike is read again.
impl Templated for Search<'_> {
    fn templates(&mut self) -> Option<(&mut Templates, &mut Vec<u8>)> {
        None
    }
}
