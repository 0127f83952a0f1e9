use crate::{Error, ErrorKind, Field, Token, Walker};

/// The key of a name in the payload of a user's event.
pub(crate) const NAME: &str = "name";

/// The key of a page's URL in the payload of an event about parameters.
pub(crate) const URL: &str = "url";

/// The types of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The view mounted.
    Mount,
    /// A user's event.
    Event,
    /// The view's parameters changed.
    HandleParams,
    /// The view received a message.
    Info,
    /// The view's assigns changed.
    Assigns,
    /// A type this version does not know.
    Other,
}

impl EventKind {
    /// The type's name, as written in a term (as an atom) and in JSON.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            EventKind::Mount => Some("mount"),
            EventKind::Event => Some("event"),
            EventKind::HandleParams => Some("handle_params"),
            EventKind::Info => Some("info"),
            EventKind::Assigns => Some("assigns"),
            EventKind::Other => None,
        }
    }

    pub(crate) fn from_name(name: &[u8]) -> EventKind {
        match name {
            b"mount" => EventKind::Mount,
            b"event" => EventKind::Event,
            b"handle_params" => EventKind::HandleParams,
            b"info" => EventKind::Info,
            b"assigns" => EventKind::Assigns,
            _ => EventKind::Other,
        }
    }
}

/// How many events of each type a recording has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventCounts {
    /// [`EventKind::Mount`]
    pub mount: u32,
    /// [`EventKind::Event`]
    pub event: u32,
    /// [`EventKind::HandleParams`]
    pub handle_params: u32,
    /// [`EventKind::Info`]
    pub info: u32,
    /// [`EventKind::Assigns`]
    pub assigns: u32,
    /// [`EventKind::Other`]
    pub other: u32,
}

impl EventCounts {
    /// How many events there are in all.
    pub fn total(&self) -> u32 {
        [
            self.mount,
            self.event,
            self.handle_params,
            self.info,
            self.assigns,
            self.other,
        ]
        .into_iter()
        .fold(0, u32::saturating_add)
    }

    /// Counts one more event; saturates.
    pub fn add(&mut self, kind: EventKind) {
        let count = match kind {
            EventKind::Mount => &mut self.mount,
            EventKind::Event => &mut self.event,
            EventKind::HandleParams => &mut self.handle_params,
            EventKind::Info => &mut self.info,
            EventKind::Assigns => &mut self.assigns,
            EventKind::Other => &mut self.other,
        };
        *count = count.saturating_add(1);
    }

    /// Whether a user did anything: an event, or a change of parameters after the first, which
    /// every view gets. A recording without is not worth keeping.
    pub fn has_user_events(&self) -> bool {
        self.event > 0 || self.handle_params > 1
    }
}

/// What is known of an event without looking into its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventHead<'a> {
    /// Milliseconds since the recording began.
    pub offset_ms: i64,
    /// Its type.
    pub kind: EventKind,
    /// The name of a user's event, as its payload gives it.
    pub name: Option<&'a [u8]>,
    /// The URL that parameters are of, as the payload gives it.
    pub url: Option<&'a [u8]>,
}

/// Reads one `{offset_ms, type, payload}`.
///
/// # Errors
///
/// [`ErrorKind::NotARecording`] with [`Field::Events`] if the term is none, and any
/// [`ErrorKind`] about malformed terms and limits.
pub fn event<'a>(walker: &mut Walker<'a>) -> Result<EventHead<'a>, Error> {
    let (offset_ms, kind) = head(walker)?;
    let (mut name, mut url) = (None, None);
    match kind {
        EventKind::Event => name = payload_text(walker, NAME)?,
        EventKind::HandleParams => url = payload_text(walker, URL)?,
        _ => walker.skip()?,
    }
    Ok(EventHead {
        offset_ms,
        kind,
        name,
        url,
    })
}

/// Reads a recording's list of events.
pub(super) fn each_event<'a>(
    walker: &mut Walker<'a>,
    mut visit: impl FnMut(EventHead<'a>),
) -> Result<(), Error> {
    let start = walker.offset();
    let not_a_list = Error::new(start, ErrorKind::NotARecording(Field::Events));
    let length = match walker.token()? {
        Token::Nil => return Ok(()),
        Token::List(length) => length,
        _ => return Err(not_a_list),
    };
    for _ in 0..length {
        visit(event(walker)?);
    }
    match walker.token()? {
        Token::Nil => Ok(()),
        _ => Err(not_a_list),
    }
}

/// Reads an event up to its payload, which is the next term.
pub(crate) fn head(walker: &mut Walker<'_>) -> Result<(i64, EventKind), Error> {
    let start = walker.offset();
    let not_an_event = || Error::new(start, ErrorKind::NotARecording(Field::Events));
    let Token::Tuple(3) = walker.token()? else {
        return Err(not_an_event());
    };
    let offset_ms = clamped(walker.token()?).ok_or_else(not_an_event)?;
    let kind = match walker.token()? {
        Token::Atom(name) => EventKind::from_name(name.to_str().as_bytes()),
        // JSON leaves a type as a string when the runtime has no such atom.
        Token::Binary(name) => EventKind::from_name(name),
        _ => return Err(not_an_event()),
    };
    Ok((offset_ms, kind))
}

/// A number as an index has room for it: without its fraction, and at most as large as 64 bits can
/// be. `None` for anything else.
pub(crate) fn clamped(token: Token<'_>) -> Option<i64> {
    match token {
        Token::Integer(value) => Some(value),
        Token::Big(big) if big.negative => Some(i64::MIN),
        Token::Big(_) => Some(i64::MAX),
        Token::Float(value) => Some(value as i64),
        _ => None,
    }
}

/// Reads the payload of an event and returns the text that it has under a key.
pub(crate) fn payload_text<'a>(
    walker: &mut Walker<'a>,
    wanted: &str,
) -> Result<Option<&'a [u8]>, Error> {
    let around = walker.depth();
    let Token::Map(pairs) = walker.token()? else {
        walker.finish(around)?;
        return Ok(None);
    };
    let mut text = None;
    for _ in 0..pairs {
        let depth = walker.depth();
        let is_wanted = match walker.token()? {
            Token::Atom(key) => key.is(wanted),
            Token::Binary(key) => key == wanted.as_bytes(),
            _ => false,
        };
        walker.finish(depth)?;
        match walker.token()? {
            Token::Binary(value) if is_wanted => text = Some(value),
            _ => walker.finish(depth)?,
        }
    }
    Ok(text)
}
