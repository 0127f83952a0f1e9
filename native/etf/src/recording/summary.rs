use std::borrow::Cow;

use super::event::{clamped, each_event};
use super::pages::{Pages, Urls};
use super::texts::Names;
use crate::{Error, ErrorKind, EventCounts, EventKind, Field, Limits, Token, View, Walker};

/// What a list of recordings shows of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary<'a> {
    /// The recording's id; any bytes.
    pub id: Cow<'a, [u8]>,
    /// The view that was recorded.
    pub view: View<'a>,
    /// The URL the view was opened with, if it is known.
    pub url: Option<Cow<'a, [u8]>>,
    /// When it began, in Unix milliseconds; the nearest that 64 bits can hold.
    pub connected_at: i64,
    /// How many events it has.
    pub event_count: u32,
    /// The offset of its last event in milliseconds, 0 without events; the nearest integer that 64
    /// bits can hold, towards 0.
    pub duration_ms: i64,
    /// How many events of each type it has.
    pub events: EventCounts,
    /// The distinct names of its user events, in order of their bytes, within
    /// [`MAX_NAMES`](super::MAX_NAMES) and [`MAX_NAME_BYTES`](super::MAX_NAME_BYTES).
    pub names: Vec<Cow<'a, [u8]>>,
    /// The pages it was on.
    pub pages: Pages<'a>,
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
            names: self
                .names
                .into_iter()
                .map(|name| Cow::Owned(name.into_owned()))
                .collect(),
            pages: self.pages.into_owned(),
        }
    }
}

/// The fields of a summary as they are found.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) id: Option<Cow<'a, [u8]>>,
    pub(crate) view: View<'a>,
    pub(crate) url: Option<Cow<'a, [u8]>>,
    pub(crate) connected_at: Option<i64>,
    pub(crate) events: Option<Events<'a>>,
}

/// What a summary says of the events.
#[derive(Debug, Default)]
pub(crate) struct Events<'a> {
    length: u32,
    last_offset_ms: i64,
    counts: EventCounts,
    pub(crate) names: Names<'a>,
    /// Those of the pages.
    pub(crate) urls: Urls<'a>,
}

impl Events<'_> {
    pub(crate) fn add(&mut self, offset_ms: i64, kind: EventKind) {
        self.length = self.length.saturating_add(1);
        self.last_offset_ms = offset_ms;
        self.counts.add(kind);
    }
}

impl<'a> Parts<'a> {
    pub(crate) fn none() -> Self {
        Parts {
            id: None,
            view: View::None,
            url: None,
            connected_at: None,
            events: None,
        }
    }

    /// The summary of the recording at `start`, if nothing that it needs is missing.
    pub(crate) fn summary(self, start: usize) -> Result<Summary<'a>, Error> {
        let missing = |field| Error::new(start, ErrorKind::NotARecording(field));
        let id = self.id.ok_or(missing(Field::Id))?;
        let connected_at = self.connected_at.ok_or(missing(Field::ConnectedAt))?;
        let events = self.events.ok_or(missing(Field::Events))?;
        let pages = Pages::of(events.urls, self.url.as_deref());
        Ok(Summary {
            id,
            view: self.view,
            url: self.url,
            connected_at,
            event_count: events.length,
            duration_ms: events.last_offset_ms,
            events: events.counts,
            names: events.names.sorted(),
            pages,
        })
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
    let Token::Map(pairs) = walker.token()? else {
        return Err(Error::new(
            start,
            ErrorKind::NotARecording(Field::Recording),
        ));
    };
    let mut parts = Parts::none();
    for _ in 0..pairs {
        match key(&mut walker)? {
            Some(Field::Events) => parts.events = Some(events(&mut walker)?),
            Some(field) => value(&mut walker, field, &mut parts)?,
            None => walker.skip()?,
        }
    }
    parts.summary(start)
}

/// Reads a key of the recording's map.
pub(crate) fn key(walker: &mut Walker<'_>) -> Result<Option<Field>, Error> {
    let depth = walker.depth();
    let field = match walker.token()? {
        Token::Atom(key) => Field::from_name(&key.to_str()),
        _ => None,
    };
    walker.finish(depth)?;
    Ok(field)
}

/// Reads the value of any field but the events.
fn value<'a>(walker: &mut Walker<'a>, field: Field, parts: &mut Parts<'a>) -> Result<(), Error> {
    let (start, depth) = (walker.offset(), walker.depth());
    match (field, walker.token()?) {
        (Field::Id, Token::Binary(id)) => parts.id = Some(Cow::Borrowed(id)),
        (Field::ConnectedAt, time @ (Token::Integer(_) | Token::Big(_))) => {
            parts.connected_at = clamped(time);
        }
        (Field::Id | Field::ConnectedAt, _) => {
            return Err(Error::new(start, ErrorKind::NotARecording(field)));
        }
        (Field::Url, Token::Binary(url)) => parts.url = Some(Cow::Borrowed(url)),
        (Field::View, Token::Atom(view)) if !view.is("nil") => {
            parts.view = View::Atom(view.to_str());
        }
        (Field::View, Token::Binary(view)) => {
            parts.view = View::Name(String::from_utf8_lossy(view));
        }
        _ => walker.finish(depth)?,
    }
    Ok(())
}

fn events<'a>(walker: &mut Walker<'a>) -> Result<Events<'a>, Error> {
    let mut events = Events::default();
    each_event(walker, |event| {
        if let Some(name) = event.name {
            events.names.add(name);
        }
        if let Some(url) = event.url {
            events.urls.add(url);
        }
        events.add(event.offset_ms, event.kind);
    })?;
    Ok(events)
}
