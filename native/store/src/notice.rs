use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::remote::RemoteFault;
use crate::retention::limits::{Limit, Removed};

/// Something that happened to recordings. It holds nothing of what they contain.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A recording is on the disk.
    Saved {
        /// Its id.
        id: Arc<[u8]>,
        /// Number of its events.
        event_count: u32,
        /// Its size, encoded and not compressed.
        bytes: usize,
        /// Size of its file.
        file_bytes: u64,
        /// How long the saving took, without the waiting before.
        took: Duration,
        /// Whether it was cut off by a crash and recovered.
        recovered: bool,
    },
    /// A recording was not worth keeping: no user did anything in it.
    Dropped {
        /// Its id.
        id: Arc<[u8]>,
    },
    /// A recording could not be saved. Nothing of it is lost.
    Failed {
        /// Its id.
        id: Arc<[u8]>,
        /// Why.
        error: Error,
        /// How often it was tried.
        attempt: u32,
        /// When it is tried again. `None` for one that is too large, or could not be read back: it
        /// is kept where it is, and tried again by the next run; and for a recording that is
        /// still running and was to be saved as it is.
        retry_in: Option<Duration>,
    },
    /// Saving a recording panicked. Nothing of it is lost.
    Panicked {
        /// Its id.
        id: Arc<[u8]>,
        /// How often it was tried.
        attempt: u32,
        /// As in [`Notice::Failed`].
        retry_in: Option<Duration>,
    },
    /// Recordings of an earlier run were found. They are saved in the background.
    Recovered {
        /// How many.
        count: usize,
    },
    /// Recordings were deleted because there were more than are to be kept.
    Evicted {
        /// How many, and how large.
        removed: Removed,
        /// Which limit they were beyond.
        limit: Limit,
    },
    /// Recordings were erased because someone asked for it.
    Erased {
        /// How many.
        count: usize,
    },
    /// Recordings that an earlier run, or another node, was about to erase could not be erased. It is
    /// tried again, at the next start at the latest.
    NotErased {
        /// Why.
        error: Error,
    },
    /// The file system does not support putting names, or content, on the disk: a power cut may
    /// lose what was saved last. Told once of each.
    Unsynced {
        /// What was refused.
        error: Error,
    },
    /// A damaged file was moved out of the way.
    Quarantined {
        /// Name of the file within the directory; bytes that are not UTF-8 are replaced.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The files of recordings in flight were removed, or taken over by another engine. They are
    /// kept in others now.
    Moved {
        /// How many recordings.
        count: usize,
        /// And how many could not be kept: another engine has them, as they were when it took
        /// them over.
        gone: usize,
    },
    /// What an earlier run left in a file could not be read. If it never will be, the file was
    /// renamed; otherwise the reason says that it stays, and what may go on in it waits. Or it
    /// belongs to another user, and is left alone.
    SetAside {
        /// Name of the file, or directory, before.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The bucket can't be used any more, or can be again.
    Remote {
        /// Why it can't; `None` if it can.
        fault: Option<RemoteFault>,
        /// Recordings that wait to be uploaded.
        pending: usize,
    },
}
