mod alike;
mod value;

use super::templates::Templates;
use super::unique::Unique;
use crate::{Error, ErrorKind, Field, Limits, Token, Walker, name, recording};

/// Arrays and objects around a payload: the recording, its events, and the event.
const AROUND_PAYLOAD: usize = 3;
/// Around `params` and `session`: the recording.
const AROUND_FIELD: usize = 1;

/// Turns a recording, a version byte and a map that is not compressed, into JSON, appended to
/// `out`.
///
/// Keys that are not of a recording are left out. A missing `view` or `url` becomes `null`,
/// missing or `nil` `params` and `session` become `{}`. What is nested deeper than
/// [`MAX_DEPTH`](super::MAX_DEPTH) is abbreviated to a string.
///
/// # Errors
///
/// As [`summarize`](crate::summarize()), and [`ErrorKind::TooLarge`] if the text exceeds
/// [`Limits::max_bytes`], because it could not be read again. `out` is left as it was.
pub fn encode(etf: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), Error> {
    let start = out.len();
    out.reserve(etf.len() + etf.len() / 8);
    let mut encoder = Encoder {
        etf,
        limits: *limits,
        walker: Walker::new(etf, limits)?,
        json: std::mem::take(out),
        unique: Unique::default(),
        open: Vec::new(),
        templates: Templates::new(0),
    };
    let mut result = encoder.recording();
    *out = encoder.json;
    if out.len() - start > limits.max_bytes {
        result = Err(Error::new(0, ErrorKind::TooLarge));
    }
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// Every value and member is written with a comma after it, which the end of the array or object
/// replaces: this way members can be removed without looking at their neighbours.
struct Encoder<'a> {
    etf: &'a [u8],
    limits: Limits,
    walker: Walker<'a>,
    json: Vec<u8>,
    unique: Unique,
    /// Containers being written, outermost first.
    open: Vec<value::Open>,
    templates: Templates,
}

impl<'a> Encoder<'a> {
    fn recording(&mut self) -> Result<(), Error> {
        let start = self.walker.offset();
        let not_a_recording = |field| Error::new(start, ErrorKind::NotARecording(field));
        let Token::Map(pairs) = self.walker.token()? else {
            return Err(not_a_recording(Field::Recording));
        };
        self.json.push(b'{');
        self.unique.open();
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
        for field in Field::KEYS {
            if seen.contains(&field) {
                continue;
            }
            self.member(field.name());
            self.json.extend_from_slice(match field {
                Field::View | Field::Url => b"null,",
                Field::Params | Field::Session => b"{},",
                _ => return Err(not_a_recording(field)),
            });
        }
        self.unique.close(&self.json);
        self.end(b'}');
        // The comma after the recording.
        self.json.pop();
        self.unique.finish(&mut self.json);
        Ok(())
    }

    fn field(&mut self, field: Field) -> Result<(), Error> {
        if field == Field::Events {
            return self.events();
        }
        if let Field::Params | Field::Session = field {
            return self.map();
        }
        let (start, depth) = (self.walker.offset(), self.walker.depth());
        match (field, self.walker.token()?) {
            (Field::Id, token @ Token::Binary(_))
            | (Field::ConnectedAt, token @ Token::Integer(_))
            | (Field::View | Field::Url, token @ Token::Binary(_)) => self.leaf(token),
            (Field::View, Token::Atom(atom)) if !atom.is("nil") => {
                self.string(&name::inspect(&atom.to_str()));
                Ok(())
            }
            (Field::View | Field::Url, _) => {
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
            _ => self.value(AROUND_FIELD),
        }
    }

    fn events(&mut self) -> Result<(), Error> {
        let start = self.walker.offset();
        let not_a_list = Error::new(start, ErrorKind::NotARecording(Field::Events));
        let length = match self.walker.token()? {
            Token::Nil => {
                self.json.extend_from_slice(b"[],");
                return Ok(());
            }
            Token::List(length) => length,
            _ => return Err(not_a_list),
        };
        self.json.push(b'[');
        for _ in 0..length {
            self.event()?;
        }
        self.end(b']');
        match self.walker.token()? {
            Token::Nil => Ok(()),
            _ => Err(not_a_list),
        }
    }

    fn event(&mut self) -> Result<(), Error> {
        let start = self.walker.offset();
        let not_an_event = Error::new(start, ErrorKind::NotARecording(Field::Events));
        let (Token::Tuple(3), offset @ Token::Integer(_)) =
            (self.walker.token()?, self.walker.token()?)
        else {
            return Err(not_an_event);
        };
        self.json.extend_from_slice(b"{\"offset\":");
        self.leaf(offset)?;
        self.json.extend_from_slice(b"\"type\":");
        match self.walker.token()? {
            Token::Atom(kind) => self.string(&kind.to_str()),
            kind @ Token::Binary(_) => self.leaf(kind)?,
            _ => return Err(not_an_event),
        }
        self.json.extend_from_slice(b"\"payload\":");
        self.templates.make_room();
        self.value(AROUND_PAYLOAD)?;
        self.end(b'}');
        Ok(())
    }
}
