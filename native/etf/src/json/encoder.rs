mod calendar;
mod key;
mod leaf;
mod uri;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use super::overrides::Overrides;
use super::summarizer::Keys;
use super::templates::Templates;
use super::{decimal, inspect, text_limits};
use crate::recording::{self, Absent, EventKind, Events, Parts};
use crate::{Error, ErrorKind, Field, Limits, Summary, Token, View, Walker, name};

/// Arrays and objects around a payload: the recording, its events, and the event.
const AROUND_PAYLOAD: usize = 3;
/// Around `params` and `session`: the recording.
const AROUND_FIELD: usize = 1;

/// Turns a recording, a version byte and a map that is not compressed, into JSON, appended to
/// `out`.
///
/// Keys that are not of a recording are left out. A missing or `nil` `view` becomes `"nil"`, as the
/// pure-Elixir backend writes it, which does not read `null` there; a missing `url` becomes `null`,
/// missing or `nil` `params` and `session` become `{}`. What is nested deeper than
/// [`MAX_DEPTH`](super::MAX_DEPTH) is abbreviated to a string.
///
/// # Errors
///
/// As [`summarize`](crate::summarize()). The text is within [`text_limits`], so that it can be read
/// again, or if it would have more than 2^32 bytes that is [`ErrorKind::TooLarge`]. `out` is left
/// as it was.
pub fn encode<'a>(etf: &'a [u8], limits: &Limits, out: &mut Vec<u8>) -> Result<Encoded<'a>, Error> {
    let walker = Walker::new(etf, limits)?;
    let start = out.len();
    out.reserve(etf.len() + etf.len() / 8);
    let mut encoder = Encoder {
        etf,
        limits: *limits,
        max_length: start.saturating_add(text_limits(limits).max_bytes),
        effort: decimal::Effort::to_write(),
        walker,
        json: std::mem::take(out),
        overrides: Overrides::default(),
        open: Vec::new(),
        templates: Templates::new(0),
        id: &[],
        parts: Parts::none(),
    };
    let result = encoder.recording();
    *out = encoder.json;
    let id = encoder.id;
    let result = result.map(|summary| Encoded { id, summary });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// What is known of a recording after it has been turned into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded<'a> {
    /// The id as it is in the term. If it is not UTF-8, that in the text is a description of it.
    pub id: &'a [u8],
    /// What [`summarize`](super::summarize) finds in the text.
    pub summary: Summary<'a>,
}

/// Every value and member is written with a comma after it, which the end of the array or object
/// replaces: this way members can be removed without looking at their neighbours.
struct Encoder<'a> {
    etf: &'a [u8],
    limits: Limits,
    /// The text so far, and what stood before it, may have so many bytes.
    max_length: usize,
    effort: decimal::Effort,
    walker: Walker<'a>,
    json: Vec<u8>,
    overrides: Overrides,
    /// Containers being written, outermost first.
    open: Vec<value::Open>,
    templates: Templates,
    id: &'a [u8],
    parts: Parts<'a>,
}

impl<'a> Encoder<'a> {
    fn recording(&mut self) -> Result<Summary<'a>, Error> {
        let start = self.walker.offset();
        let Token::Map(pairs) = self.walker.token()? else {
            return Err(Error::new(
                start,
                ErrorKind::NotARecording(Field::Recording),
            ));
        };
        self.json.push(b'{');
        self.overrides.open();
        let mut seen = Vec::new();
        for _ in 0..pairs {
            match recording::key(&mut self.walker)? {
                Some(field) => {
                    seen.push(field);
                    self.member(field.name());
                    self.field(field)?;
                }
                None => self.walker.skip()?,
            }
        }
        for absent in Field::absent(&seen, start) {
            let (field, value) = absent?;
            self.member(field.name());
            self.json.extend_from_slice(match value {
                Absent::Nil if field == Field::View => b"\"nil\",",
                Absent::Nil => b"null,",
                Absent::EmptyMap => b"{},",
            });
        }
        self.overrides.close(&self.json);
        self.end(b'}');
        // The comma after the recording.
        self.json.pop();
        self.overrides.remove(&mut self.json);
        self.check_length()?;
        std::mem::replace(&mut self.parts, Parts::none()).summary(start)
    }

    fn field(&mut self, field: Field) -> Result<(), Error> {
        if field == Field::Events {
            return self.events();
        }
        if let Field::Params | Field::Session = field {
            return self.map();
        }
        let (start, depth) = (self.walker.offset(), self.walker.depth());
        let token = self.walker.token()?;
        match (field, token) {
            (Field::Id, Token::Binary(id)) => {
                self.id = id;
                self.parts.id = Some(text_of(id));
                self.leaf(token)
            }
            (Field::ConnectedAt, Token::Integer(_) | Token::Big(_)) => {
                self.parts.connected_at = recording::clamped(token);
                self.leaf(token)
            }
            (Field::View, Token::Binary(name)) => {
                let name = String::from_utf8_lossy(&text_of(name)).into_owned();
                self.parts.view = View::of_json(Cow::Owned(name));
                self.leaf(token)
            }
            (Field::View, Token::Atom(atom)) if !atom.is(name::NIL) => {
                let name = name::inspect(&atom.to_str()).into_owned();
                self.string(&name);
                self.parts.view = View::Name(Cow::Owned(name));
                Ok(())
            }
            (Field::Url, Token::Binary(url)) => {
                self.parts.url = Some(text_of(url));
                self.leaf(token)
            }
            (Field::View, _) => {
                self.parts.view = View::None;
                self.string(name::NIL);
                self.walker.finish(depth)
            }
            (Field::Url, _) => {
                self.parts.url = None;
                self.json.extend_from_slice(b"null,");
                self.walker.finish(depth)
            }
            _ => Err(Error::new(start, ErrorKind::NotARecording(field))),
        }
    }

    /// A map of the recording, which is empty when the term is `nil`, as every reader takes `null`
    /// there.
    fn map(&mut self) -> Result<(), Error> {
        let mut ahead = self.walker.clone();
        match ahead.token()? {
            Token::Atom(atom) if atom.is("nil") => {
                self.walker = ahead;
                self.json.extend_from_slice(b"{},");
                Ok(())
            }
            _ => {
                // Dates are written as nowhere else.
                self.templates.clear();
                let written = self.value(AROUND_FIELD);
                self.overrides.remove(&mut self.json);
                self.templates.clear();
                written
            }
        }
    }

    /// Refuses a text that could not be read again.
    #[inline]
    fn check_length(&self) -> Result<(), Error> {
        if self.json.len() > self.max_length {
            return Err(Error::new(0, ErrorKind::TooLarge));
        }
        Ok(())
    }

    fn events(&mut self) -> Result<(), Error> {
        let start = self.walker.offset();
        let not_a_list = Error::new(start, ErrorKind::NotARecording(Field::Events));
        let mut events = Events::default();
        let length = match self.walker.token()? {
            Token::Nil => {
                self.json.extend_from_slice(b"[],");
                self.parts.events = Some(events);
                return Ok(());
            }
            Token::List(length) => length,
            _ => return Err(not_a_list),
        };
        self.json.push(b'[');
        for _ in 0..length {
            let (offset_ms, kind, payload) = self.event()?;
            if let EventKind::Event | EventKind::HandleParams = kind
                && let Some(Ok(payload)) = self.json.get(payload).map(str::from_utf8)
            {
                events.add_texts(kind, payload, Keys::Distinct);
            }
            events.add(offset_ms, kind);
        }
        self.end(b']');
        self.parts.events = Some(events);
        match self.walker.token()? {
            Token::Nil => Ok(()),
            _ => Err(not_a_list),
        }
    }

    /// Returns also where the payload stands in the text.
    fn event(&mut self) -> Result<(i64, EventKind, Range<usize>), Error> {
        let start = self.walker.offset();
        let not_an_event = Error::new(start, ErrorKind::NotARecording(Field::Events));
        let (Token::Tuple(3), offset) = (self.walker.token()?, self.walker.token()?) else {
            return Err(not_an_event);
        };
        let offset_ms = recording::clamped(offset).ok_or(not_an_event)?;
        self.json.extend_from_slice(b"{\"offset\":");
        self.leaf(offset)?;
        self.json.extend_from_slice(b"\"type\":");
        let kind = match self.walker.token()? {
            Token::Atom(kind) => {
                let kind = kind.to_str();
                self.string(&kind);
                EventKind::from_name(kind.as_bytes())
            }
            token @ Token::Binary(kind) => {
                self.leaf(token)?;
                EventKind::from_name(kind)
            }
            _ => return Err(not_an_event),
        };
        self.json.extend_from_slice(b"\"payload\":");
        self.templates.make_room();
        let start = self.json.len();
        self.value(AROUND_PAYLOAD)?;
        self.end(b'}');
        if !self.overrides.is_clean() {
            self.overrides.remove(&mut self.json);
            // What was written before has moved.
            self.templates.clear();
        }
        self.check_length()?;
        Ok((offset_ms, kind, start..self.json.len().saturating_sub(2)))
    }
}

/// A binary as the text that is written for it.
fn text_of(bytes: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Cow::Borrowed(bytes),
        Err(_) => Cow::Owned(inspect::bytes(bytes).into_bytes()),
    }
}
