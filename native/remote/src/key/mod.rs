//! Names of objects, below the bucket's prefix.

mod name;
mod tag;
mod time;

use std::fmt;

pub use name::{MAX_NAME_BYTES, Name};
pub use tag::Tag;
pub use time::{Day, Time};

/// Bytes of a key with its prefix that every server takes.
pub(crate) const MAX_KEY_BYTES: usize = 1024;

const ROWS: &str = ".rows";
const GONE: &str = ".gone";
const NODES: &str = ".native/nodes/";
const CONFIRMED: &str = ".native/confirmed/";
const RUNNING: &str = ".native/running/";
const LEASE: &str = ".native/lease";

/// What an object is, which is what its key says.
///
/// Keys of uploads sort by the time of the upload, and behind everything in `.native/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `yyyy/mm/dd/<ms>-<ns>-<file>`: a recording, the bytes of the local file of this name.
    Recording {
        /// When it was uploaded.
        time: Time,
        /// When the file was saved, in nanoseconds since the Unix epoch by the clock of its disk:
        /// which version of it this is.
        saved_ns: u64,
        /// The file's name; see [`Key::recording`].
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

impl Key {
    /// A recording's key; `None` if the file's name ends as tombstones or rows do, which no
    /// recording's does.
    pub fn recording(time: Time, saved_ns: u64, file: Name) -> Option<Key> {
        let bytes = file.as_bytes();
        let other = bytes.ends_with(ROWS.as_bytes()) || bytes.ends_with(GONE.as_bytes());
        (!other).then_some(Key::Recording {
            time,
            saved_ns,
            file,
        })
    }

    /// Reads a key below the prefix; `None` if it is not exactly what `Display` writes for one.
    pub fn parse(text: &str) -> Option<Key> {
        let key = Key::read(&name::unfold(text))?;
        (key.to_string() == text).then_some(key)
    }

    /// When it was uploaded, of those whose key says so.
    pub fn time(&self) -> Option<Time> {
        match self {
            Key::Recording { time, .. } | Key::Rows { time, .. } | Key::Gone { time, .. } => {
                Some(*time)
            }
            Key::Node(_) | Key::Confirmed { .. } | Key::Lease | Key::Part { .. } => None,
        }
    }

    /// The folder of the objects that say which nodes are there.
    pub fn nodes() -> &'static str {
        NODES
    }

    /// The folder of the objects that say who has carried out an erasure, or of all of them.
    pub fn confirmed(tag: Option<Tag>) -> String {
        tag.map_or(CONFIRMED.to_owned(), |tag| format!("{CONFIRMED}{tag}/"))
    }

    /// The folder of the parts of a node's running sessions, or of all nodes'.
    pub fn running(node: Option<&Name>) -> String {
        match node {
            Some(node) => format!("{RUNNING}{node}/"),
            None => RUNNING.to_owned(),
        }
    }

    /// Reads a key whose long names are in one piece, in any spelling.
    fn read(text: &str) -> Option<Key> {
        if let Some(node) = text.strip_prefix(NODES) {
            return Some(Key::Node(Name::read(node)?));
        }
        if let Some(rest) = text.strip_prefix(CONFIRMED) {
            let (tag, node) = rest.split_once('/')?;
            return Some(Key::Confirmed {
                tag: Tag::read(tag)?,
                node: Name::read(node)?,
            });
        }
        if let Some(rest) = text.strip_prefix(RUNNING) {
            let (node, rest) = rest.split_once('/')?;
            let (stem, number) = rest.split_once('/')?;
            return Some(Key::Part {
                node: Name::read(node)?,
                stem: Name::read(stem)?,
                number: number.parse().ok()?,
            });
        }
        if text == LEASE {
            return Some(Key::Lease);
        }
        Key::upload(text)
    }

    fn upload(text: &str) -> Option<Key> {
        let (_day, last) = text.rsplit_once('/')?;
        let (ms, file) = last.split_once('-')?;
        let time = Time::from_ms(ms.parse().ok()?)?;
        if let Some(tag) = file.strip_suffix(ROWS) {
            return Some(Key::Rows {
                time,
                tag: Tag::read(tag)?,
            });
        }
        if let Some(tag) = file.strip_suffix(GONE) {
            return Some(Key::Gone {
                time,
                tag: Tag::read(tag)?,
            });
        }
        let (saved_ns, file) = file.split_once('-')?;
        Key::recording(time, saved_ns.parse().ok()?, Name::read(file)?)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Recording {
                time,
                saved_ns,
                file,
            } => write!(f, "{}/{time}-{saved_ns}-{file}", time.day()),
            Key::Rows { time, tag } => write!(f, "{}/{time}-{tag}{ROWS}", time.day()),
            Key::Gone { time, tag } => write!(f, "{}/{time}-{tag}{GONE}", time.day()),
            Key::Node(node) => write!(f, "{NODES}{node}"),
            Key::Confirmed { tag, node } => write!(f, "{CONFIRMED}{tag}/{node}"),
            Key::Lease => f.write_str(LEASE),
            Key::Part { node, stem, number } => write!(f, "{RUNNING}{node}/{stem}/{number}"),
        }
    }
}

#[cfg(test)]
mod tests;
