//! What is searched for in recordings.

mod prefilter;

use memchr::memchr;
use memchr::memmem::Finder;

use crate::json::decimal::to_magnitude;
use crate::walker::Step;
use crate::{AtomText, Big, Error, Token, Walker};
use prefilter::Prefilter;

/// No needle is longer, in bytes.
pub const MAX_NEEDLE_BYTES: usize = 4096;

/// The most bytes that the characters of a Latin-1 atom take in UTF-8.
const MAX_ATOM_BYTES: usize = 2 * 255;

/// What is searched for: a text or an integer.
///
/// Texts are binaries, whatever is in them, the whole bytes of bitstrings, the names of atoms, and
/// lists of bytes as they are encoded in one block, which charlists mostly are; such a list is its
/// integers as well. A closure is what it has closed over. Of other terms without a public
/// representation, and of floats, nothing is looked at.
#[derive(Debug, Clone)]
pub struct Needle {
    /// The text, or the digits of the integer.
    text: Finder<'static>,
    /// Whether it is only found where no digit is next to it.
    whole: bool,
    /// The integer that is written like this, if one is.
    number: Option<Number>,
    prefilter: Prefilter,
}

/// An integer.
#[derive(Debug, Clone)]
enum Number {
    Small(i64),
    /// Beyond 64 bits; the magnitude as in [`Big`].
    Big {
        negative: bool,
        magnitude: Vec<u8>,
    },
}

impl Needle {
    /// A text: it is found where a text has it as a part, byte for byte, and where an integer is
    /// written like this. `None` if it is empty or too long.
    pub fn text(text: &[u8]) -> Option<Self> {
        Needle::new(text, false)
    }

    /// An integer, by its decimal digits: it is found where an integer equals it, and where a text
    /// has it as a part that is not one of a longer row of digits. `None` for anything else than
    /// what integers are written like, and for too many digits.
    pub fn integer(decimal: &[u8]) -> Option<Self> {
        Needle::new(decimal, true).filter(|needle| needle.number.is_some())
    }

    /// What it was made of, and whether by [`Needle::integer`].
    pub fn made_of(&self) -> (&[u8], bool) {
        (self.text.needle(), self.whole)
    }

    fn new(text: &[u8], whole: bool) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_NEEDLE_BYTES {
            return None;
        }
        let number = Number::read(text);
        let prefilter = Prefilter::new(text, number.as_ref());
        Some(Needle {
            text: Finder::new(text).into_owned(),
            whole,
            number,
            prefilter,
        })
    }

    /// Whether it may be in a term or in terms, as far as their bytes tell without a walk.
    pub(crate) fn may_be_in_terms(&self, bytes: &[u8]) -> bool {
        self.prefilter.allows_terms(bytes)
    }

    /// Whether it may be in a text of JSON.
    pub(crate) fn may_be_in_json(&self, json: &[u8]) -> bool {
        self.prefilter.allows_json(json)
    }

    /// Reads the next term, and returns whether it is in that. If so, not all of it was read.
    pub(crate) fn is_in_next(&self, walker: &mut Walker<'_>) -> Result<bool, Error> {
        let around = walker.depth();
        loop {
            if let (Step::Token(token), _) = walker.enter()?
                && self.is_in_token(token)
            {
                return Ok(true);
            }
            if walker.depth() <= around {
                return Ok(false);
            }
        }
    }

    fn is_in_token(&self, token: Token<'_>) -> bool {
        match token {
            Token::Integer(value) => self.is_integer(value),
            Token::Big(big) => self.is_big(big),
            Token::Atom(name) => self.is_in_atom(name),
            Token::Binary(bytes) => self.is_in_text(bytes),
            Token::Bits { bytes, .. } => {
                let whole = bytes.split_last().map(|(_, whole)| whole);
                self.is_in_text(whole.unwrap_or_default())
            }
            Token::String(bytes) => self.is_in_text(bytes) || self.is_among(bytes),
            Token::Float(_)
            | Token::Nil
            | Token::List(_)
            | Token::Tuple(_)
            | Token::Map(_)
            | Token::Opaque(..) => false,
        }
    }

    /// Whether a text has it.
    pub(crate) fn is_in_text(&self, text: &[u8]) -> bool {
        if !self.whole {
            return self.text.find(text).is_some();
        }
        let needle = self.text.needle();
        let is_digit = |at: Option<usize>| {
            let byte = at.and_then(|at| text.get(at));
            byte.is_some_and(u8::is_ascii_digit)
        };
        let begins_with_digit = needle.first().is_some_and(u8::is_ascii_digit);
        self.text.find_iter(text).any(|at| {
            let goes_on_before = begins_with_digit && is_digit(at.checked_sub(1));
            !goes_on_before && !is_digit(at.checked_add(needle.len()))
        })
    }

    fn is_in_atom(&self, name: AtomText<'_>) -> bool {
        let latin1 = match name {
            AtomText::Utf8(name) => return self.is_in_text(name.as_bytes()),
            AtomText::Latin1(name) => name,
        };
        let mut utf8 = [0; MAX_ATOM_BYTES];
        let mut length = 0;
        for character in latin1.iter().copied().map(char::from) {
            let end = length + character.len_utf8();
            // No atom is longer.
            let Some(place) = utf8.get_mut(length..end) else {
                break;
            };
            character.encode_utf8(place);
            length = end;
        }
        self.is_in_text(utf8.get(..length).unwrap_or_default())
    }

    /// Whether it is one of these integers.
    fn is_among(&self, bytes: &[u8]) -> bool {
        match self.number {
            Some(Number::Small(value)) => {
                u8::try_from(value).is_ok_and(|byte| memchr(byte, bytes).is_some())
            }
            _ => false,
        }
    }

    /// Whether it is this integer.
    pub(crate) fn is_integer(&self, value: i64) -> bool {
        matches!(self.number, Some(Number::Small(number)) if number == value)
    }

    fn is_big(&self, big: Big<'_>) -> bool {
        match &self.number {
            Some(Number::Big {
                negative,
                magnitude,
            }) => *negative == big.negative && **magnitude == *big.magnitude,
            _ => false,
        }
    }

    /// Whether it is the integer of these digits, which is beyond 64 bits.
    pub(crate) fn is_written(&self, negative: bool, digits: &str) -> bool {
        let needle = self.text.needle();
        let unsigned = match negative {
            true => needle.strip_prefix(b"-"),
            false => Some(needle),
        };
        self.number.is_some() && unsigned == Some(digits.as_bytes())
    }
}

/// Two are equal that find the same.
impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        (self.whole, self.text.needle()) == (other.whole, other.text.needle())
    }
}

impl Eq for Needle {}

impl Number {
    /// The integer that is written like this.
    fn read(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let is_canonical = match digits {
            [b'0'] => digits.len() == text.len(),
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        let text = std::str::from_utf8(text).ok().filter(|_| is_canonical)?;
        Some(match text.parse() {
            Ok(value) => Number::Small(value),
            Err(_) => Number::Big {
                negative: text.starts_with('-'),
                magnitude: to_magnitude(text.trim_start_matches('-')),
            },
        })
    }

    /// Whether it is below zero, and its absolute value, the least significant byte first.
    fn parts(&self) -> (bool, Vec<u8>) {
        match self {
            Number::Small(value) => {
                let bytes = value.unsigned_abs().to_le_bytes();
                let length = bytes.iter().rposition(|&byte| byte != 0);
                let significant = length.map_or(0, |last| last + 1);
                (
                    *value < 0,
                    bytes.get(..significant).unwrap_or_default().into(),
                )
            }
            Number::Big {
                negative,
                magnitude,
            } => (*negative, magnitude.clone()),
        }
    }
}
