//! Names of objects, below the bucket's prefix.

use std::fmt;

/// Bytes of a file's, a node's or a stem's name.
pub const MAX_NAME_BYTES: usize = 255;

/// The time of an upload by the bucket's clock: 13 digits of milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A day of the bucket's clock, in UTC: `yyyy/mm/dd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

/// What tells an object from others of the same time: 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u128);

/// The name of a file, a node, a stem: 1 to 255 bytes, without `/` and NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<[u8]>);

/// What an object is, which is what its key says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `yyyy/mm/dd/<ms>-<file>`: a recording, the bytes of the local file of this name.
    Recording {
        /// When it was uploaded.
        time: Time,
        /// Not one that ends as the other kinds of this folder do.
        file: Name,
    },
    /// `yyyy/mm/dd/<ms>-<tag>.rows`: rows of the index.
    Rows {
        /// When they were uploaded.
        time: Time,
        /// Which of that time.
        tag: Tag,
    },
    /// `yyyy/mm/dd/<ms>-<tag>.gone`: a tombstone.
    Gone {
        /// When it was uploaded.
        time: Time,
        /// Which of that time; also the erasure's name.
        tag: Tag,
    },
    /// `.native/nodes/<node>`: a node is there.
    Node(Name),
    /// `.native/confirmed/<tag>/<node>`: a node has carried out an erasure.
    Confirmed {
        /// The erasure.
        tag: Tag,
        /// The node.
        node: Name,
    },
    /// `.native/lease`: who deletes what is beyond the limits.
    Lease,
    /// `.native/running/<node>/<stem>/<n>`: a part of a running session.
    Part {
        /// Where it runs.
        node: Name,
        /// Of the file that it becomes.
        stem: Name,
        /// Which part.
        number: u64,
    },
}

impl Time {
    /// A time, if it has 13 digits: from September 2001 to November 2286.
    pub fn from_ms(ms: u64) -> Option<Time> {
        (1_000_000_000_000..10_000_000_000_000)
            .contains(&ms)
            .then_some(Time(ms))
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// The day that it is in.
    pub fn day(self) -> Day {
        Day((self.0 / 86_400_000) as u32)
    }
}

impl Day {
    /// Its first moment.
    pub fn first(self) -> Option<Time> {
        Time::from_ms(u64::from(self.0) * 86_400_000)
    }
}

impl Name {
    /// A name, if it is one.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Option<Name> {
        let bytes = bytes.into();
        ((1..=MAX_NAME_BYTES).contains(&bytes.len()) && !bytes.iter().any(|it| b"/\0".contains(it)))
            .then_some(Name(bytes))
    }

    /// The name itself.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl Key {
    /// A recording's key, if the file's name does not end as that of another kind.
    pub fn recording(time: Time, file: Name) -> Option<Key> {
        Some(Key::Recording { time, file })
    }

    /// Reads a key below the prefix; `None` if nobody of ours has written it.
    pub fn parse(text: &str) -> Option<Key> {
        let _ = text;
        None
    }

    /// When it was uploaded, of those whose key says so.
    pub fn time(&self) -> Option<Time> {
        match self {
            Key::Recording { time, .. } | Key::Rows { time, .. } | Key::Gone { time, .. } => {
                Some(*time)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
