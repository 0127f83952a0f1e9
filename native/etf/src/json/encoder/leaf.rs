use super::Encoder;
use crate::json::{escapes, float, inspect};
use crate::{AtomText, Error, Token, Walker, tag};

/// The most characters of an integer that is a number. For a longer one the pure-Elixir backend
/// refuses the whole recording: it reads with Jason, whose `decoding_integer_digit_limit` this is,
/// and which counts the sign.
const MAX_NUMBER: usize = 1024;

impl<'a> Encoder<'a> {
    /// Writes the leaf that begins at an offset, without the comma; returns where it ends. What is
    /// wrong with it is for the walker to say, once it comes there.
    pub(super) fn leaf_at(&mut self, start: usize) -> Option<usize> {
        let term = self.etf.get(start..)?;
        if let Some(&(tag::MAP | tag::LIST | tag::SMALL_TUPLE | tag::LARGE_TUPLE)) = term.first() {
            return None;
        }
        let mut walker = Walker::bare(term, &self.limits);
        let leaf = walker.token().ok()?;
        self.leaf(leaf).ok()?;
        // The comma, or what replaces it, is copied.
        self.json.pop();
        Some(start + walker.offset())
    }

    pub(super) fn leaf(&mut self, token: Token<'a>) -> Result<(), Error> {
        match token {
            Token::Integer(value) => self.integer(value),
            Token::Big(big) => match inspect::digits(big, &mut self.effort) {
                Some(digits) if digits.len() <= MAX_NUMBER => self.plain(&digits),
                Some(digits) => self.string(&digits),
                None => self.string(&inspect::size_of(big)),
            },
            Token::Float(value) => self.plain(&float::text(value, &mut float::Buffer::new())),
            Token::Atom(AtomText::Utf8("nil")) => self.plain("null"),
            Token::Atom(AtomText::Utf8(text @ ("true" | "false"))) => self.plain(text),
            Token::Atom(text) => self.string(&text.to_str()),
            Token::Binary(bytes) if bytes.is_ascii() => {
                escapes::write(bytes, &mut self.json);
                self.json.push(b',');
            }
            Token::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => self.string(text),
                Err(_) => self.string(&inspect::bytes(bytes)),
            },
            Token::Bits { bytes, last_bits } => self.string(&inspect::bits(bytes, last_bits)),
            Token::Opaque(kind, bytes) => self.string(&inspect::opaque(kind, bytes)?),
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
        escapes::write(key.as_bytes(), &mut self.json);
        self.overrides.member(&self.json, start);
        self.json.push(b':');
    }

    pub(super) fn integers(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.integer(i64::from(byte));
        }
    }

    fn integer(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value));
    }

    pub(super) fn string(&mut self, text: &str) {
        escapes::write(text.as_bytes(), &mut self.json);
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
