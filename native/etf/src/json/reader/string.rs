use std::borrow::Cow;

use super::{Fault, Reader, fault};
use crate::Error;
use crate::json::escapes;

impl<'a> Reader<'a> {
    /// Reads a string after its opening quote.
    #[inline]
    pub(super) fn string_rest(&mut self) -> Result<Cow<'a, str>, Error> {
        let end = self.position + self.plain()?;
        if self.bytes().get(end) != Some(&b'"') {
            return self.unescaped_rest();
        }
        let plain = self.text.get(self.position..end).unwrap_or_default();
        self.position = end + 1;
        Ok(Cow::Borrowed(plain))
    }

    /// The same of a string that has an escape, or is malformed.
    #[inline(never)]
    fn unescaped_rest(&mut self) -> Result<Cow<'a, str>, Error> {
        let mut unescaped = String::new();
        loop {
            let end = self.position + self.plain()?;
            let plain = self.text.get(self.position..end).unwrap_or_default();
            self.position = end;
            match self.byte()? {
                b'"' => {
                    unescaped.push_str(plain);
                    return Ok(Cow::Owned(unescaped));
                }
                b'\\' => {
                    unescaped.push_str(plain);
                    unescaped.push(self.escape(end)?);
                }
                control => return Err(fault(end, Fault::UnexpectedByte(control))),
            }
        }
    }

    /// Checks a string after its opening quote.
    #[inline]
    pub(super) fn skip_string_rest(&mut self) -> Result<(), Error> {
        loop {
            let end = self.position + self.plain()?;
            self.position = end;
            match self.byte()? {
                b'"' => return Ok(()),
                b'\\' => self.escape(end).map(drop)?,
                control => return Err(fault(end, Fault::UnexpectedByte(control))),
            }
        }
    }

    /// How many bytes come that stand for themselves. Another must follow.
    #[inline(always)]
    fn plain(&self) -> Result<usize, Error> {
        let rest = self.bytes().get(self.position..).unwrap_or_default();
        escapes::first_special(rest).ok_or_else(|| self.cut())
    }

    /// Reads an escape after its backslash, which is at `start`.
    fn escape(&mut self, start: usize) -> Result<char, Error> {
        Ok(match self.byte()? {
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let bad = fault(start, Fault::BadEscape);
                let unit = self.hex(start)?;
                if !(0xd800..0xdc00).contains(&unit) {
                    // A low half without a high one is no character.
                    return char::from_u32(unit).ok_or(bad);
                }
                if self.byte()? != b'\\' || self.byte()? != b'u' {
                    return Err(bad);
                }
                let low = self.hex(start)?;
                if !(0xdc00..0xe000).contains(&low) {
                    return Err(bad);
                }
                let code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(code).ok_or(bad);
            }
            _ => return Err(fault(start, Fault::BadEscape)),
        })
    }

    fn hex(&mut self, start: usize) -> Result<u32, Error> {
        let mut unit = 0;
        for _ in 0..4 {
            match char::from(self.byte()?).to_digit(16) {
                Some(digit) => unit = unit << 4 | digit,
                None => return Err(fault(start, Fault::BadEscape)),
            }
        }
        Ok(unit)
    }
}
