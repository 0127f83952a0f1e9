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

/// How a number is written.
struct Written<'a> {
    negative: bool,
    /// Those before a fraction.
    digits: &'a str,
    has_fraction: bool,
    has_exponent: bool,
}

/// So many digits are a number whatever they are: a float has room for some more before its
/// fraction, and reading an integer of so many takes no time.
const SURE_DIGITS: usize = 300;

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
        let Written {
            negative,
            digits,
            has_fraction,
            has_exponent,
        } = self.written()?;
        let bad = fault(start, Fault::BadNumber);
        let text = self.text.get(start..self.position).unwrap_or_default();
        if has_fraction || has_exponent {
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

    /// Checks a number.
    #[inline]
    pub(super) fn skip_number(&mut self) -> Result<(), Error> {
        let start = self.position;
        let written = self.written()?;
        if written.has_exponent || written.digits.len() > SURE_DIGITS {
            // Whether there is such a number takes reading it.
            self.position = start;
            self.number()?;
        }
        Ok(())
    }

    /// Goes on beyond what is written as a number is.
    #[inline(always)]
    fn written(&mut self) -> Result<Written<'a>, Error> {
        let start = self.position;
        let bad = fault(start, Fault::BadNumber);
        let negative = self.accept(b"-");
        let first = self.position;
        let whole = self.digits();
        if whole == 0 || (whole > 1 && self.bytes().get(first) == Some(&b'0')) {
            return Err(bad);
        }
        let digits = self.text.get(first..self.position).unwrap_or_default();
        let has_fraction = self.accept(b".");
        if has_fraction && self.digits() == 0 {
            return Err(bad);
        }
        let has_exponent = self.accept(b"eE");
        if has_exponent {
            self.accept(b"+-");
            if self.digits() == 0 {
                return Err(bad);
            }
        }
        Ok(Written {
            negative,
            digits,
            has_fraction,
            has_exponent,
        })
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
