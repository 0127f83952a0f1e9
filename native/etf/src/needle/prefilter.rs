//! What can be told of encoded terms, or of JSON, without walking them: that something is not in
//! them. A look at the bytes takes a fraction of the time of a walk.

use memchr::memmem::Finder;

use super::Number;
use crate::tag;

/// Escapes that spell a character by its number begin with this.
const ANY_ESCAPE: &[u8] = b"\\u";

/// What other escapes can stand for.
const ESCAPED: &[u8] = b"\"\\/\x08\x0c\n\r\t";

/// So many bytes of a magnitude are looked for: with those of all the rest, looking could take as
/// long as both are long together.
const MAX_MAGNITUDE: usize = 8;

/// Bytes without which something is not there.
#[derive(Debug, Clone)]
pub(super) struct Prefilter {
    /// One of these is in the terms, if they tell at all.
    terms: Option<Vec<Finder<'static>>>,
    /// Or the integer is among them in an encoding that has its magnitude.
    magnitude: Option<Magnitude>,
    /// This is in the JSON, if that tells.
    json: Option<Finder<'static>>,
    /// Which it does not where characters are spelled so.
    any_escape: Finder<'static>,
}

#[derive(Debug, Clone)]
struct Magnitude {
    negative: bool,
    /// Its first bytes.
    bytes: Finder<'static>,
}

impl Prefilter {
    /// For a text, and the integer that is written so.
    pub(super) fn new(text: &[u8], number: Option<&Number>) -> Self {
        let finder = |bytes: &[u8]| Finder::new(bytes).into_owned();
        let parts = number.map(Number::parts).filter(|(_, it)| !it.is_empty());
        Prefilter {
            terms: in_terms(text, number).map(|parts| parts.iter().map(|it| finder(it)).collect()),
            magnitude: parts.map(|(negative, magnitude)| Magnitude {
                negative,
                bytes: finder(magnitude.get(..MAX_MAGNITUDE).unwrap_or(&magnitude)),
            }),
            json: in_json(text).map(finder),
            any_escape: finder(ANY_ESCAPE),
        }
    }

    pub(super) fn allows_terms(&self, bytes: &[u8]) -> bool {
        let Some(parts) = &self.terms else {
            return true;
        };
        parts.iter().any(|part| part.find(bytes).is_some())
            || (self.magnitude.as_ref()).is_some_and(|magnitude| magnitude.is_in(bytes))
    }

    pub(super) fn allows_json(&self, json: &[u8]) -> bool {
        let Some(part) = &self.json else {
            return true;
        };
        part.find(json).is_some() || self.any_escape.find(json).is_some()
    }
}

impl Magnitude {
    fn is_in(&self, bytes: &[u8]) -> bool {
        let mut from = 0;
        while let Some(rest) = bytes.get(from..)
            && let Some(at) = self.bytes.find(rest)
        {
            if self.is_at(bytes, from + at) {
                return true;
            }
            from += at + 1;
        }
        false
    }

    /// Whether what stands before it makes it an integer: its tag, its length and its sign.
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        let before = |by: usize| at.checked_sub(by).and_then(|at| bytes.get(at).copied());
        before(1).is_some_and(|sign| (sign != 0) == self.negative)
            && (before(3) == Some(tag::SMALL_BIG) || before(6) == Some(tag::LARGE_BIG))
    }
}

/// What the bytes of terms must have, one of it, but for encodings with a magnitude; `None` if they
/// tell nothing.
fn in_terms(text: &[u8], number: Option<&Number>) -> Option<Vec<Vec<u8>>> {
    let mut parts = vec![text.to_vec()];
    match latin1(text) {
        InLatin1::Never => {}
        InLatin1::Part(part) if part == text => {}
        InLatin1::Part(part) => parts.push(part),
        InLatin1::Anywhere => return None,
    }
    if let Some(Number::Small(value)) = number {
        // One byte, and one of a list of bytes.
        if u8::try_from(*value).is_ok() {
            return None;
        }
        if let Ok(value) = i32::try_from(*value) {
            parts.push([&[tag::INTEGER][..], &value.to_be_bytes()].concat());
        }
    }
    Some(parts)
}

/// Where a text may be in the name of an atom that is encoded in Latin-1.
#[derive(Debug, PartialEq, Eq)]
enum InLatin1 {
    /// It has other characters.
    Never,
    /// Where this is.
    Part(Vec<u8>),
    /// It is a part of one character.
    Anywhere,
}

/// The text is a part of the name in UTF-8, and may begin and end within a character.
fn latin1(text: &[u8]) -> InLatin1 {
    let is_second = |byte: &u8| (0x80..0xc0).contains(byte);
    let (mut rest, mut part) = match text {
        [first, rest @ ..] if is_second(first) => (rest, Vec::new()),
        text => (text, Vec::new()),
    };
    loop {
        rest = match rest {
            [byte, rest @ ..] if byte.is_ascii() => {
                part.push(*byte);
                rest
            }
            [first @ 0xc2..=0xc3, second, rest @ ..] if is_second(second) => {
                part.push((first & 3) << 6 | second & 0x3f);
                rest
            }
            [] | [0xc2..=0xc3] if part.is_empty() => return InLatin1::Anywhere,
            [] | [0xc2..=0xc3] => return InLatin1::Part(part),
            _ => return InLatin1::Never,
        };
    }
}

/// What JSON must have that has the text, unless characters are spelled by their numbers; `None`
/// if it tells nothing.
fn in_json(text: &[u8]) -> Option<&[u8]> {
    // That is the name of what is written as `null`.
    if b"nil".windows(text.len()).any(|part| part == text) {
        return None;
    }
    let parts = text.split(|byte| ESCAPED.contains(byte));
    parts
        .max_by_key(|part| part.len())
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_found_in_latin1_wherever_it_begins_and_ends() {
        let part = |text: &[u8]| InLatin1::Part(text.to_vec());
        let name = "àZoë÷";
        assert_eq!(latin1(name.as_bytes()), part(b"\xe0Zo\xeb\xf7"));
        assert_eq!(latin1(&name.as_bytes()[1..7]), part(b"Zo\xeb"));
        assert_eq!(latin1(&name.as_bytes()[1..2]), InLatin1::Anywhere);
        assert_eq!(latin1(&name.as_bytes()[0..1]), InLatin1::Anywhere);
        assert_eq!(latin1("Žoë".as_bytes()), InLatin1::Never);
        assert_eq!(latin1(b"\xa0\xa0"), InLatin1::Never);
        assert_eq!(latin1(b"\xff"), InLatin1::Never);
    }

    #[test]
    fn what_json_must_have_is_without_what_may_be_escaped() {
        assert_eq!(in_json(b"a \"longer\"\nx"), Some(&b"longer"[..]));
        for text in [&b"\"/\\\n"[..], b"nil", b"il", b"n"] {
            assert_eq!(in_json(text), None);
        }
    }
}
