use std::ops::Deref;

use crc32c::crc32c;

/// Of the encoding. What another one made is nobody's subject.
const VERSION: u8 = 1;

const INTEGER: u8 = 1;
const TEXT: u8 = 2;

/// Whom a session belongs to, by the name that the application has for him: all that is looked for
/// when he asks for his data, or to be forgotten. A number is another subject than its digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A number, such as a key in a database.
    Integer(i64),
    /// A text.
    Text(SubjectText),
}

/// Any bytes, from 1 to [`SubjectText::MAX_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubjectText(Box<[u8]>);

impl SubjectText {
    /// No text is longer.
    pub const MAX_BYTES: usize = 255;

    /// `None` if there are too few or too many bytes.
    pub fn new(bytes: &[u8]) -> Option<SubjectText> {
        let fits = (1..=SubjectText::MAX_BYTES).contains(&bytes.len());
        fits.then(|| SubjectText(bytes.into()))
    }
}

impl Deref for SubjectText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Subject {
    /// A text that is a subject; see [`SubjectText::new`].
    pub fn text(bytes: &[u8]) -> Option<Subject> {
        SubjectText::new(bytes).map(Subject::Text)
    }

    /// Whether it is a number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Subject::Integer(_))
    }

    /// The subject as bytes: version, kind, the number (little-endian) or the text, and the
    /// CRC-32C of these (little-endian). No header that it is kept in has a checksum of its own.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        match self {
            Subject::Integer(number) => {
                bytes.push(INTEGER);
                bytes.extend(number.to_le_bytes());
            }
            Subject::Text(text) => {
                bytes.push(TEXT);
                bytes.extend(&**text);
            }
        }
        let sum = crc32c(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// Reads [`Subject::encode`]; `None` if the bytes are anything else.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Subject> {
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        if crc32c(content) != u32::from_le_bytes(*sum) {
            return None;
        }
        match content {
            [VERSION, INTEGER, number @ ..] => {
                let number = number.try_into().ok()?;
                Some(Subject::Integer(i64::from_le_bytes(number)))
            }
            [VERSION, TEXT, text @ ..] => Subject::text(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects() -> Vec<Subject> {
        let texts: [&[u8]; 4] = [b"a", b"4711", &[0xff; 255], b"\0"];
        let numbers = [i64::MIN, -1, 0, 4711, i64::MAX];
        let texts = texts.into_iter().filter_map(Subject::text);
        texts.chain(numbers.map(Subject::Integer)).collect()
    }

    #[test]
    fn a_subject_comes_back() {
        assert_eq!(subjects().len(), 9);
        for subject in subjects() {
            assert_eq!(Subject::decode(&subject.encode()), Some(subject));
        }
    }

    #[test]
    fn a_subject_that_was_cut_or_changed_is_none() {
        for subject in subjects() {
            let whole = subject.encode();
            for len in 0..whole.len() {
                assert_eq!(Subject::decode(&whole[..len]), None, "{len}");
            }
            for bit in 0..whole.len() * 8 {
                let mut changed = whole.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Subject::decode(&changed), None, "{bit}");
            }
            assert_eq!(Subject::decode(&[&whole[..], b"x"].concat()), None);
        }
    }

    #[test]
    fn what_another_version_or_kind_has_is_none() {
        let with = |content: &[u8]| {
            let sum = crc32c(content).to_le_bytes();
            Subject::decode(&[content, &sum].concat())
        };
        assert_eq!(with(&[VERSION, TEXT, b'a']), Subject::text(b"a"));
        assert_eq!(with(&[VERSION + 1, TEXT, b'a']), None);
        assert_eq!(with(&[VERSION, 0, b'a']), None);
        assert_eq!(with(&[VERSION, TEXT]), None);
        assert_eq!(with(&[VERSION, INTEGER, 1, 2, 3]), None);
        assert_eq!(with(&[&[VERSION, TEXT][..], &[b'a'; 256]].concat()), None);
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_text_has_at_least_one_byte_and_at_most_255() {
        assert_eq!(Subject::text(b""), None);
        assert_eq!(Subject::text(&[b'a'; 256]), None);
        assert!(Subject::text(&[b'a'; 255]).is_some());
    }
}
