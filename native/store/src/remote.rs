//! What a store asks of whoever keeps its recordings in a bucket as well.
//!
//! The directory stays where everything goes first. This knows no network: it says what is wanted,
//! and [`Tier`](crate::Tier) is how the crate above does it.
//!
//! Which version of a file an object was made of is told by that file's time, in nanoseconds, which
//! the object's key has, and which a copy of it has again. A node that is started knows its own files
//! by it, and what is put there again, such as a copy of an earlier version, takes the place of
//! nothing later. Whoever saves a recording gives it a later time than all that it knows of it.

use std::fmt;
use std::io;

/// What is still to be done in the bucket is noted here, in the native directory beside the
/// recordings. Once a bucket was behind a directory, there is this.
pub(crate) const NOTES_DIR: &str = "remote";

/// Why something in the bucket could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemoteFault {
    /// It can't be reached, does not answer in time, or fails by itself.
    Unavailable,
    /// It wants less to be asked of it.
    Throttled,
    /// It does not let us: wrong credentials, or too few rights.
    Denied,
    /// There is no such bucket.
    NoBucket,
    /// There is no such object.
    NotFound,
    /// The object is larger than a recording may be.
    TooLarge,
    /// What it answers makes no sense.
    Invalid,
}

impl fmt::Display for RemoteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RemoteFault::Unavailable => "the bucket can't be reached",
            RemoteFault::Throttled => "the bucket has too much to do",
            RemoteFault::Denied => "the bucket refuses access",
            RemoteFault::NoBucket => "there is no such bucket",
            RemoteFault::NotFound => "it is no longer in the bucket",
            RemoteFault::TooLarge => "it is too large",
            RemoteFault::Invalid => "the bucket's answer makes no sense",
        })
    }
}

/// Which version of a file was put into the bucket, and when. Of several of a file the greatest counts:
/// the latest version, as it was put there last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Put {
    /// When the file was saved, in nanoseconds since the Unix epoch by the clock of the disk that it
    /// was on, or later if there was one that was said to be saved then.
    pub saved_ns: i64,
    /// When it was put there, in milliseconds since the Unix epoch by the bucket's clock.
    pub at: i64,
}

/// A file, as it was put into the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Object {
    /// When it was put there, and which version.
    pub put: Put,
    /// Its name.
    pub file: Box<[u8]>,
}

/// The bucket behind a store.
pub trait Remote: Send + Sync {
    /// Replaces `into` by the bytes of an object, of which there may be `max_bytes`. May take as
    /// long as the network does, within a time-out.
    ///
    /// # Errors
    ///
    /// Why it could not be had.
    fn get(&self, object: &Object, max_bytes: u64, into: &mut Vec<u8>) -> Result<(), RemoteFault>;

    /// A file that the bucket has too was read here.
    fn used(&self, file: &[u8]);

    /// There may be something to upload. Must not wait.
    fn wake(&self);

    /// Writes down, so that it outlives a power cut, that the recordings with these ids are to be
    /// gone from the bucket. It is done in the background.
    ///
    /// # Errors
    ///
    /// What the disk says: then nothing is to be deleted.
    fn delete(&self, ids: &[Box<[u8]>]) -> io::Result<()>;

    /// They are gone here, or could not be deleted here. In between nothing of them is uploaded: what
    /// is put there must be older than the time up to which they are deleted.
    fn deleted(&self, ids: &[Box<[u8]>]);

    /// Whether it is for this store to delete what is beyond the limits.
    fn is_retaining(&self) -> bool;

    /// Waits until what was in the bucket when the store was opened is known, or a time-out.
    ///
    /// # Errors
    ///
    /// Why it is not known.
    fn wait_known(&self) -> Result<(), RemoteFault>;
}
