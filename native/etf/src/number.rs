//! The encodings of numbers.

use crate::{Big, Error, ErrorKind, Token};

/// A float as its eight bytes.
#[inline]
pub(crate) fn float<'a>(bytes: [u8; 8], start: usize) -> Result<Token<'a>, Error> {
    finite(f64::from_be_bytes(bytes), start)
}

/// A float as text padded with zeros, of which there is at least one, because a runtime reads on
/// to the first: optional sign, digits, a point, digits and an optional
/// exponent, which is what the runtime accepts.
pub(crate) fn text_float(field: &[u8], start: usize) -> Result<Token<'_>, Error> {
    let bad = Error::new(start, ErrorKind::BadFloat);
    let end = field.iter().position(|&byte| byte == 0).ok_or(bad)?;
    let text = field.get(..end).ok_or(bad)?;
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => text.split_at(at),
        None => (text, &[][..]),
    };
    let unsigned = mantissa
        .strip_prefix(b"-")
        .or(mantissa.strip_prefix(b"+"))
        .unwrap_or(mantissa);
    let mut parts = unsigned.split(|&byte| byte == b'.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(whole), Some(fraction), None) if is_digits(whole) && is_digits(fraction) => {}
        _ => return Err(bad),
    }
    if let [_, exponent @ ..] = exponent {
        let digits = exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+"));
        if !is_digits(digits.unwrap_or(exponent)) {
            return Err(bad);
        }
    }
    match std::str::from_utf8(text).map(str::parse) {
        Ok(Ok(value)) => finite(value, start),
        _ => Err(bad),
    }
}

/// An integer as sign byte and magnitude, least significant byte first.
pub(crate) fn integer(sign: u8, magnitude: &[u8]) -> Token<'_> {
    let negative = sign != 0;
    let significant = magnitude
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    let magnitude = magnitude.get(..significant).unwrap_or_default();
    if magnitude.len() <= 8 {
        let mut bytes = [0; 8];
        for (to, from) in bytes.iter_mut().zip(magnitude) {
            *to = *from;
        }
        let value = i128::from(u64::from_le_bytes(bytes));
        if let Ok(value) = i64::try_from(if negative { -value } else { value }) {
            return Token::Integer(value);
        }
    }
    Token::Big(Big {
        negative,
        magnitude,
    })
}

fn finite<'a>(value: f64, start: usize) -> Result<Token<'a>, Error> {
    if value.is_finite() {
        Ok(Token::Float(value))
    } else {
        Err(Error::new(start, ErrorKind::BadFloat))
    }
}

fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}
