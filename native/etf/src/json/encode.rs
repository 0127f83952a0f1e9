use super::unique::Unique;
use super::{MAX_DEPTH, readable, text};
use crate::{AtomText, Error, ErrorKind, Field, Limits, Token, Walker, name, recording};

/// Arrays and objects around a payload: the recording, its events, and the event.
const AROUND_PAYLOAD: usize = 3;
/// Around `params` and `session`: the recording.
const AROUND_FIELD: usize = 1;

/// Turns a recording, a version byte and a map that is not compressed, into JSON, appended to
/// `out`.
///
/// Keys that are not of a recording are left out. A missing `view` or `url` becomes `null`,
/// missing `params` and `session` become `{}`. What is nested deeper than
/// [`MAX_DEPTH`] is abbreviated to a string.
///
/// # Errors
///
/// As [`summarize`](crate::summarize()), and [`ErrorKind::TooLarge`] if the text exceeds
/// [`Limits::max_bytes`], because it could not be read again. `out` is left as it was.
pub fn encode(etf: &[u8], limits: &Limits, out: &mut Vec<u8>) -> Result<(), Error> {
    let encoder = Encoder {
        walker: Walker::new(etf, limits)?,
        json: Vec::with_capacity(etf.len() + etf.len() / 8),
        unique: Unique::default(),
        open: Vec::new(),
    };
    let json = encoder.recording()?;
    if json.len() > limits.max_bytes {
        return Err(Error::new(0, ErrorKind::TooLarge));
    }
    if out.is_empty() {
        *out = json;
    } else {
        out.extend_from_slice(&json);
    }
    Ok(())
}

/// Every value and member is written with a comma after it, which the end of the array or object
/// replaces: this way members can be removed without looking at their neighbours.
struct Encoder<'a> {
    walker: Walker<'a>,
    json: Vec<u8>,
    unique: Unique,
    /// Containers being written, and how many of their elements or pairs are still to come.
    open: Vec<(Container, u32)>,
}

#[derive(Debug, Clone, Copy)]
enum Container {
    Tuple,
    /// A tail follows the elements.
    List,
    Map,
}

impl<'a> Encoder<'a> {
    fn recording(mut self) -> Result<Vec<u8>, Error> {
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
        let Encoder {
            mut json,
            mut unique,
            ..
        } = self;
        // The comma after the recording.
        json.pop();
        unique.finish(&mut json);
        Ok(json)
    }

    fn field(&mut self, field: Field) -> Result<(), Error> {
        if field == Field::Events {
            return self.events();
        }
        let (start, depth) = (self.walker.offset(), self.walker.depth());
        let token = self.walker.token()?;
        match (field, token) {
            (Field::Params | Field::Session, token) => self.value(token, depth, AROUND_FIELD),
            (Field::Id, Token::Binary(_)) | (Field::ConnectedAt, Token::Integer(_)) => {
                self.leaf(token)
            }
            (Field::View | Field::Url, Token::Binary(_)) => self.leaf(token),
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
        let depth = self.walker.depth();
        let payload = self.walker.token()?;
        self.value(payload, depth, AROUND_PAYLOAD)?;
        self.end(b'}');
        Ok(())
    }

    /// Writes the term that begins with `token`, which was read at `depth`; `around` containers
    /// of JSON are open around it.
    fn value(&mut self, token: Token<'a>, depth: usize, around: usize) -> Result<(), Error> {
        let (mut token, mut depth) = (token, depth);
        loop {
            self.head(token, depth, around)?;
            loop {
                let Some((container, left)) = self.open.last_mut() else {
                    return Ok(());
                };
                if let Some(fewer) = left.checked_sub(1) {
                    *left = fewer;
                    let is_struct = matches!(container, Container::Map) && self.key()?;
                    depth = self.walker.depth();
                    token = self.walker.token()?;
                    match token {
                        Token::Atom(module) if is_struct => {
                            self.string(&name::inspect(&module.to_str()));
                        }
                        _ => break,
                    }
                } else if matches!(container, Container::List) {
                    depth = self.walker.depth();
                    token = self.walker.token()?;
                    match token {
                        // A list may continue in its tail.
                        Token::List(more) => *left = more,
                        tail => {
                            *container = Container::Tuple;
                            match tail {
                                Token::Nil => {}
                                Token::String(bytes) => self.integers(bytes),
                                _ => break,
                            }
                        }
                    }
                } else {
                    self.close();
                }
            }
        }
    }

    /// Writes a leaf, or opens a container.
    fn head(&mut self, token: Token<'a>, depth: usize, around: usize) -> Result<(), Error> {
        let (container, bracket, length) = match token {
            Token::Tuple(arity) => (Container::Tuple, b'[', arity),
            Token::List(length) => (Container::List, b'[', length),
            Token::Map(pairs) => (Container::Map, b'{', pairs),
            Token::Nil | Token::String(_) if around + self.open.len() >= MAX_DEPTH => {
                let text = readable::term(&mut self.walker, token, depth)?;
                self.string(&text);
                return Ok(());
            }
            leaf => return self.leaf(leaf),
        };
        if around + self.open.len() >= MAX_DEPTH {
            let text = readable::abbreviated(&mut self.walker, token, depth)?;
            self.string(&text);
            return Ok(());
        }
        self.json.push(bracket);
        self.open.push((container, length));
        if let Container::Map = container {
            self.unique.open();
        }
        Ok(())
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some((Container::Map, _)) => {
                self.unique.close(&self.json);
                self.end(b'}');
            }
            _ => self.end(b']'),
        }
    }

    /// Writes the key of a map's next pair; tells whether it is the one that names a struct.
    fn key(&mut self) -> Result<bool, Error> {
        let depth = self.walker.depth();
        let token = self.walker.token()?;
        let text = match token {
            Token::Atom(key) => {
                self.member(&key.to_str());
                return Ok(key.is("__struct__"));
            }
            Token::Binary(key) => std::str::from_utf8(key).ok(),
            _ => None,
        };
        match text {
            Some(key) => self.member(key),
            None => {
                let key = readable::term(&mut self.walker, token, depth)?;
                self.member(&key);
            }
        }
        Ok(false)
    }

    fn leaf(&mut self, token: Token<'a>) -> Result<(), Error> {
        match token {
            Token::Integer(value) => self.integer(value),
            Token::Big(big) => match readable::digits(big) {
                Some(digits) => self.plain(&digits),
                None => self.string(&readable::integer_of_any_size(big)),
            },
            Token::Float(value) => self.plain(&readable::float(value)),
            Token::Atom(AtomText::Utf8("nil")) => self.plain("null"),
            Token::Atom(AtomText::Utf8(text @ ("true" | "false"))) => self.plain(text),
            Token::Atom(text) => self.string(&text.to_str()),
            Token::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.string(text),
                Err(_) => self.string(&readable::bytes(bytes)),
            },
            Token::Bits { bytes, last_bits } => self.string(&readable::bits(bytes, last_bits)),
            Token::Opaque(kind, bytes) => self.string(&readable::opaque(kind, bytes)?),
            Token::String(bytes) => {
                self.json.push(b'[');
                self.integers(bytes);
                self.end(b']');
            }
            Token::Nil | Token::List(_) | Token::Tuple(_) | Token::Map(_) => self.plain("[]"),
        }
        Ok(())
    }

    fn member(&mut self, key: &str) {
        let start = self.json.len();
        text::write(key, &mut self.json);
        self.unique.member(&self.json, start);
        self.json.push(b':');
    }

    fn integers(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.integer(i64::from(byte));
        }
    }

    fn integer(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value));
    }

    fn string(&mut self, text: &str) {
        text::write(text, &mut self.json);
        self.json.push(b',');
    }

    fn plain(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
        self.json.push(b',');
    }

    /// Ends an array or object, and the value that it is.
    fn end(&mut self, bracket: u8) {
        match self.json.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.json.push(bracket),
        }
        self.json.push(b',');
    }
}
