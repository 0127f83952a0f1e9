//! The fields of recordings and of their events, as they are read from JSON.

use std::borrow::Cow;

use super::reader::{Ignore, Number, Reader};
use crate::{Error, ErrorKind, Field};

pub(super) const OFFSET: &str = "offset";
pub(super) const TYPE: &str = "type";
pub(super) const PAYLOAD: &str = "payload";

/// Opens the recording's object; returns where it begins.
pub(super) fn open(reader: &mut Reader<'_>) -> Result<usize, Error> {
    let start = reader.offset();
    if reader.object()? {
        return Ok(start);
    }
    // What is not even JSON is reported as such.
    reader.value(&mut Ignore)?;
    Err(Error::new(
        start,
        ErrorKind::NotARecording(Field::Recording),
    ))
}

/// Opens the array of events.
pub(super) fn open_events(reader: &mut Reader<'_>) -> Result<(), Error> {
    let start = reader.offset();
    if reader.array()? {
        return Ok(());
    }
    reader.value(&mut Ignore)?;
    Err(Error::new(start, ErrorKind::NotARecording(Field::Events)))
}

/// Reads a string that a recording needs.
pub(super) fn required_string<'a>(
    reader: &mut Reader<'a>,
    field: Field,
) -> Result<Cow<'a, str>, Error> {
    let start = reader.offset();
    reader
        .string()?
        .ok_or(Error::new(start, ErrorKind::NotARecording(field)))
}

/// Reads the time of a recording, an integer.
pub(super) fn connected_at<'a>(reader: &mut Reader<'a>) -> Result<Number<'a>, Error> {
    let start = reader.offset();
    match reader.any_number()? {
        Some(time @ (Number::Integer(_) | Number::Digits { .. })) => Ok(time),
        _ => Err(Error::new(
            start,
            ErrorKind::NotARecording(Field::ConnectedAt),
        )),
    }
}

/// Reads the offset of an event, a number.
fn offset<'a>(reader: &mut Reader<'a>) -> Result<Number<'a>, Error> {
    let start = reader.offset();
    let not_an_event = Error::new(start, ErrorKind::NotARecording(Field::Events));
    reader.any_number()?.ok_or(not_an_event)
}

/// An event, but for its payload.
pub(super) struct Event<'a> {
    pub(super) offset_ms: Number<'a>,
    pub(super) kind: Cow<'a, str>,
}

/// Reads one event; `payload` reads its payload, which may come before the rest of it, and again
/// if the key is given again.
pub(super) fn event<'a>(
    reader: &mut Reader<'a>,
    mut payload: impl FnMut(&mut Reader<'a>) -> Result<(), Error>,
) -> Result<Event<'a>, Error> {
    let start = reader.offset();
    let not_an_event = Error::new(start, ErrorKind::NotARecording(Field::Events));
    if !reader.object()? {
        reader.value(&mut Ignore)?;
        return Err(not_an_event);
    }
    let (mut offset_ms, mut kind) = (None, None);
    while let Some(key) = reader.next_key()? {
        match &*key {
            OFFSET => offset_ms = Some(offset(reader)?),
            TYPE => kind = Some(required_string(reader, Field::Events)?),
            PAYLOAD => payload(reader)?,
            _ => reader.value(&mut Ignore)?,
        }
    }
    match (offset_ms, kind) {
        (Some(offset_ms), Some(kind)) => Ok(Event { offset_ms, kind }),
        _ => Err(not_an_event),
    }
}
