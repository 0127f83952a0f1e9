//! What is known of a recording in JSON after reading it.

use std::borrow::Cow;

use super::fields::{
    OFFSET, PAYLOAD, TYPE, connected_at, event, open, open_events, required_string,
};
use super::reader::{Ignore, Number, Reader};
use super::validator::Validator;
use crate::recording::{EventKind, Events, NAME, Parts, URL};
use crate::{Error, Field, Limits, Summary, View};

/// Summarizes a recording in JSON.
///
/// The whole text is checked, but only the summary is built. Its view is a [`View::Name`]: only
/// the runtime knows whether there is a module of that name.
///
/// # Errors
///
/// [`BadJson`] and [`UnexpectedEnd`] for what is not JSON; [`NotARecording`] if `id`,
/// `connected_at` or `events` is missing or has the wrong type; any [`ErrorKind`] about limits.
///
/// [`BadJson`]: crate::ErrorKind::BadJson
/// [`UnexpectedEnd`]: crate::ErrorKind::UnexpectedEnd
/// [`NotARecording`]: crate::ErrorKind::NotARecording
/// [`ErrorKind`]: crate::ErrorKind
pub fn summarize(json: &[u8], limits: &Limits) -> Result<Summary<'static>, Error> {
    let mut reader = Reader::new(json, limits)?;
    let mut parts = Parts::none();
    let start = open(&mut reader)?;
    while let Some(key) = reader.next_key()? {
        match Field::from_name(&key) {
            Some(Field::Id) => {
                parts.id = Some(into_bytes(required_string(&mut reader, Field::Id)?));
            }
            Some(Field::View) => {
                let name = reader.string()?;
                parts.view = name.map_or(View::None, View::of_json).into_owned();
            }
            Some(Field::Url) => parts.url = reader.string()?.map(into_bytes),
            Some(Field::ConnectedAt) => {
                parts.connected_at = Some(connected_at(&mut reader)?.clamped());
            }
            Some(Field::Events) => parts.events = Some(events(&mut reader)?),
            _ => reader.value(&mut Ignore)?,
        }
    }
    reader.end()?;
    parts.summary(start)
}

fn into_bytes(text: Cow<'_, str>) -> Cow<'static, [u8]> {
    Cow::Owned(text.into_owned().into_bytes())
}

fn events(reader: &mut Reader<'_>) -> Result<Events<'static>, Error> {
    let mut events = Events::default();
    each_event(reader, |offset_ms, kind, payload| {
        events.add_texts(kind, payload, Keys::Any);
        events.add(offset_ms, kind);
    })?;
    Ok(events)
}

/// Reads the events: offset, type and payload of each.
fn each_event(
    reader: &mut Reader<'_>,
    mut visit: impl FnMut(i64, EventKind, &str),
) -> Result<(), Error> {
    let mut validator = Validator::new();
    open_events(reader)?;
    while reader.next_element()? {
        validator.templates.make_room();
        let mut payload = "";
        let event = event(reader, |reader| {
            let start = reader.offset();
            reader.value(&mut validator)?;
            payload = reader.since(start);
            Ok(())
        })?;
        let kind = EventKind::from_name(event.kind.as_bytes());
        visit(event.offset_ms.clamped(), kind, payload);
    }
    Ok(())
}

impl Events<'_> {
    /// Adds what a summary says of a payload: JSON that has been checked.
    pub(super) fn add_texts(&mut self, kind: EventKind, payload: &str, keys: Keys) {
        if let Some(name) = name_in(kind, payload, keys) {
            self.names.add_copy(name.as_bytes());
        }
        if let Some(url) = url_in(kind, payload, keys) {
            self.urls.add_copy(url.as_bytes());
        }
    }
}

/// Whether a key may come again in an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// In a text that anybody may have written. The last one counts.
    Any,
    /// Not in one of ours.
    Distinct,
}

/// The name in the payload of a user's event.
fn name_in(kind: EventKind, payload: &str, keys: Keys) -> Option<Cow<'_, str>> {
    (kind == EventKind::Event).then(|| text_in(payload, NAME, keys))?
}

/// The URL in the payload of an event about parameters.
fn url_in(kind: EventKind, payload: &str, keys: Keys) -> Option<Cow<'_, str>> {
    (kind == EventKind::HandleParams).then(|| text_in(payload, URL, keys))?
}

/// The text that a payload has under a key. What comes after it is not read where it can't come
/// again.
fn text_in<'p>(payload: &'p str, wanted: &str, keys: Keys) -> Option<Cow<'p, str>> {
    let mut reader = Reader::over(payload);
    if !reader.object().ok()? {
        return None;
    }
    let mut text = None;
    while let Some(key) = reader.next_key().ok()? {
        if key == wanted {
            text = reader.string().ok()?;
            if keys == Keys::Distinct {
                break;
            }
        } else {
            reader.value(&mut Ignore).ok()?;
        }
    }
    text
}

/// Calls `visit` with the URL of each page that a recording in JSON was on, as often as it was,
/// where a [`Summary`] does not hold all of them.
///
/// # Errors
///
/// As [`summarize`], but that only `events` must be there. What comes before the fault has been
/// visited.
pub fn each_url(json: &[u8], limits: &Limits, mut visit: impl FnMut(&[u8])) -> Result<(), Error> {
    let mut reader = Reader::new(json, limits)?;
    open(&mut reader)?;
    while let Some(key) = reader.next_key()? {
        match Field::from_name(&key) {
            Some(Field::Events) => each_event(&mut reader, |_, kind, payload| {
                if let Some(url) = url_in(kind, payload, Keys::Any) {
                    visit(url.as_bytes());
                }
            })?,
            _ => reader.value(&mut Ignore)?,
        }
    }
    reader.end()
}

/// Whether the pure-Elixir backend reads this text as a recording, though [`summarize`] does not,
/// because a field is of a kind that no recorder writes: that backend wants an id, a time that is an
/// integer, and events that have their three keys.
///
/// # Errors
///
/// Any [`ErrorKind`](crate::ErrorKind) about what is not JSON, and limits.
pub fn is_read_elsewhere(json: &[u8], limits: &Limits) -> Result<bool, Error> {
    let mut reader = Reader::new(json, limits)?;
    if !reader.object()? {
        return Ok(false);
    }
    let (mut has_id, mut has_time, mut has_events) = (false, false, false);
    while let Some(key) = reader.next_key()? {
        match Field::from_name(&key) {
            Some(Field::ConnectedAt) => {
                let time = reader.any_number()?;
                has_time = matches!(time, Some(Number::Integer(_) | Number::Digits { .. }));
            }
            Some(Field::Events) if reader.array()? => {
                has_events = true;
                while reader.next_element()? {
                    has_events &= has_keys_of_event(&mut reader)?;
                }
            }
            field => {
                has_id |= field == Some(Field::Id);
                reader.value(&mut Ignore)?;
            }
        }
    }
    reader.end()?;
    Ok(has_id && has_time && has_events)
}

fn has_keys_of_event(reader: &mut Reader<'_>) -> Result<bool, Error> {
    if !reader.object()? {
        reader.value(&mut Ignore)?;
        return Ok(false);
    }
    let keys = [OFFSET, TYPE, PAYLOAD];
    let mut found = [false; 3];
    while let Some(key) = reader.next_key()? {
        for (known, found) in keys.iter().zip(&mut found) {
            *found |= *known == key;
        }
        reader.value(&mut Ignore)?;
    }
    Ok(found == [true; 3])
}
