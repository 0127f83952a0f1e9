use super::Encoder;
use crate::json::{MAX_DEPTH, readable, text};
use crate::{AtomText, Error, Token, name};

#[derive(Debug, Clone, Copy)]
pub(super) enum Container {
    Tuple,
    /// A tail follows the elements.
    List,
    Map,
}

impl<'a> Encoder<'a> {
    /// Writes the term that begins with `token`, which was read at `depth`; `around` containers
    /// of JSON are open around it.
    pub(super) fn value(
        &mut self,
        token: Token<'a>,
        depth: usize,
        around: usize,
    ) -> Result<(), Error> {
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

    pub(super) fn leaf(&mut self, token: Token<'a>) -> Result<(), Error> {
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

    pub(super) fn member(&mut self, key: &str) {
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

    pub(super) fn string(&mut self, text: &str) {
        text::write(text, &mut self.json);
        self.json.push(b',');
    }

    fn plain(&mut self, text: &str) {
        self.json.extend_from_slice(text.as_bytes());
        self.json.push(b',');
    }

    /// Ends an array or object, and the value that it is.
    pub(super) fn end(&mut self, bracket: u8) {
        match self.json.last_mut() {
            Some(last @ b',') => *last = bracket,
            _ => self.json.push(bracket),
        }
        self.json.push(b',');
    }
}
