//! What tells an object from others of the same time.

use std::fmt;

/// A number that nobody else has drawn: 32 hexadecimal digits in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u128);

impl Tag {
    /// Reads a tag, in any spelling.
    pub(super) fn read(text: &str) -> Option<Tag> {
        u128::from_str_radix(text, 16).ok().map(Tag)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}
