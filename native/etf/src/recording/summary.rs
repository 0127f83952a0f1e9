use std::borrow::Cow;

use super::event;
use crate::{Error, ErrorKind, EventCounts, Field, Limits, Token, View, Walker};

/// What a list of recordings shows of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The recording's id; any bytes.
    pub id: Cow<'a, [u8]>,
    /// The view that was recorded.
    pub view: View<'a>,
    /// The URL the view was opened with, if it is known.
    pub url: Option<Cow<'a, [u8]>>,
    /// When it began, in Unix milliseconds.
    pub connected_at: i64,
    /// How many events it has.
    pub event_count: u32,
    /// The offset of its last event in milliseconds, 0 without events.
    pub duration_ms: i64,
    /// How many events of each type it has.
    pub events: EventCounts,
}

impl Summary<'_> {
    /// Whether the recording is worth keeping; see [`EventCounts::has_user_events`].
    pub fn has_user_events(&self) -> bool {
        self.events.has_user_events()
    }

    /// A copy that borrows nothing.
    pub fn into_owned(self) -> Summary<'static> {
        Summary {
            id: Cow::Owned(self.id.into_owned()),
            view: self.view.into_owned(),
            url: self.url.map(|url| Cow::Owned(url.into_owned())),
            connected_at: self.connected_at,
            event_count: self.event_count,
            duration_ms: self.duration_ms,
            events: self.events,
        }
    }
}

/// Summarizes a recording: a version byte and a map, not compressed.
///
/// Every byte of the term is walked, so a cut or damaged recording is an error, but nothing is
/// built or copied, except a view's or type's name that is not ASCII.
///
/// # Errors
///
/// [`ErrorKind::NotARecording`] if the term lacks an `id`, a `connected_at` or `events`, or one
/// of them has the wrong type; any [`ErrorKind`] about malformed terms and limits.
pub fn summarize<'a>(etf: &'a [u8], limits: &Limits) -> Result<Summary<'a>, Error> {
    let mut walker = Walker::new(etf, limits)?;
    let start = walker.offset();
    let not_a_recording = |field| Error::new(start, ErrorKind::NotARecording(field));
    let Token::Map(pairs) = walker.token()? else {
        return Err(not_a_recording(Field::Recording));
    };

    let (mut id, mut view, mut url) = (None, View::None, None);
    let (mut connected_at, mut events) = (None, None);
    for _ in 0..pairs {
        let depth = walker.depth();
        let field = match walker.token()? {
            Token::Atom(key) => Field::from_name(&key.to_str()),
            _ => None,
        };
        walker.finish(depth)?;
        if field == Some(Field::Events) {
            events = Some(count(&mut walker)?);
            continue;
        }
        let at = walker.offset();
        match (field, walker.token()?) {
            (Some(Field::Id), Token::Binary(bytes)) => id = Some(bytes),
            (Some(Field::ConnectedAt), Token::Integer(ms)) => connected_at = Some(ms),
            (Some(field @ (Field::Id | Field::ConnectedAt)), _) => {
                return Err(Error::new(at, ErrorKind::NotARecording(field)));
            }
            (Some(Field::Url), Token::Binary(bytes)) => url = Some(Cow::Borrowed(bytes)),
            (Some(Field::View), Token::Atom(atom)) if !atom.is("nil") => {
                view = View::Atom(atom.to_str());
            }
            (Some(Field::View), Token::Binary(name)) => {
                view = View::Name(String::from_utf8_lossy(name));
            }
            _ => walker.finish(depth)?,
        }
    }

    let (event_count, duration_ms, events) = events.ok_or(not_a_recording(Field::Events))?;
    Ok(Summary {
        id: Cow::Borrowed(id.ok_or(not_a_recording(Field::Id))?),
        view,
        url,
        connected_at: connected_at.ok_or(not_a_recording(Field::ConnectedAt))?,
        event_count,
        duration_ms,
        events,
    })
}

/// Walks the list of events; returns their number, the last offset, and the numbers by type.
fn count(walker: &mut Walker<'_>) -> Result<(u32, i64, EventCounts), Error> {
    let start = walker.offset();
    let not_a_list = Error::new(start, ErrorKind::NotARecording(Field::Events));
    let mut counts = EventCounts::default();
    let mut last_offset_ms = 0;
    let length = match walker.token()? {
        Token::Nil => return Ok((0, 0, counts)),
        Token::List(length) => length,
        _ => return Err(not_a_list),
    };
    for _ in 0..length {
        let (offset_ms, kind) = event::head(walker)?;
        walker.skip()?;
        counts.add(kind);
        last_offset_ms = offset_ms;
    }
    match walker.token()? {
        Token::Nil => Ok((length, last_offset_ms, counts)),
        _ => Err(not_a_list),
    }
}
