use super::{Fault, Reader, fault};
use crate::json::decimal;
use crate::{Error, ErrorKind};

/// A JSON number. It is an integer unless it has a fraction or an exponent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::json) enum Number<'a> {
    Integer(i64),
    /// Beyond 64 bits.
    Digits {
        negative: bool,
        digits: &'a str,
    },
    Float(f64),
}

impl Number<'_> {
    /// The number as an index has room for it: without its fraction, and at most as large as 64
    /// bits can be.
    pub(in crate::json) fn clamped(self) -> i64 {
        match self {
            Number::Integer(value) => value,
            Number::Digits { negative: true, .. } => i64::MIN,
            Number::Digits { .. } => i64::MAX,
            Number::Float(value) => value as i64,
        }
    }
}

impl<'a> Reader<'a> {
    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<Number<'a>, Error> {
        let start = self.position;
        let bad = fault(start, Fault::BadNumber);
        let negative = self.accept(b"-");
        let first = self.position;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.bytes().get(first) == Some(&b'0')) {
            return Err(bad);
        }
        let digits = self.text.get(first..self.position).unwrap_or_default();
        let mut float = false;
        if self.accept(b".") {
            float = true;
            if self.digits() == 0 {
                return Err(bad);
            }
        }
        if self.accept(b"eE") {
            float = true;
            self.accept(b"+-");
            if self.digits() == 0 {
                return Err(bad);
            }
        }
        let text = self.text.get(start..self.position).unwrap_or_default();
        if float {
            return match text.parse() {
                Ok(value) if f64::is_finite(value) => Ok(Number::Float(value)),
                _ => Err(bad),
            };
        }
        match text.parse() {
            Ok(value) => Ok(Number::Integer(value)),
            Err(_) if digits.len() > decimal::MAX_DIGITS => Err(bad),
            Err(_) if !self.effort.allows_reading(digits.len()) => {
                Err(Error::new(start, ErrorKind::TooLarge))
            }
            Err(_) => Ok(Number::Digits { negative, digits }),
        }
    }

    fn digits(&mut self) -> usize {
        let rest = self.bytes().get(self.position..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.position += length;
        length
    }

    fn accept(&mut self, any: &[u8]) -> bool {
        let accepted = self
            .bytes()
            .get(self.position)
            .is_some_and(|byte| any.contains(byte));
        self.position += usize::from(accepted);
        accepted
    }
}
