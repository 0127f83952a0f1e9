//! The index on the disk, so that a store which is opened need not read every recording again.
//!
//! `index` is a snapshot, `index.log` has the files that are new or different since. Both are a cache: what they say of a
//! file counts only if the directory has the file in the very version they speak of. So nothing
//! here is synced, a change that is lost costs reading one file again, and whatever is wrong with
//! a file ends in a snapshot written anew.
//!
//! All stores that have the directory open, in whatever process, share the two files. Whoever
//! writes holds the lock on `index.lock`, for some microseconds, and never waits for it: what
//! can't be written now is written with what comes next.

mod batch;
mod file;
mod load;
mod row;
mod write;

pub(crate) use batch::{batch, read_batch};
pub(crate) use write::{rows, snapshot};

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use parking_lot::Mutex;

/// The index on the disk.
pub(crate) struct Journal {
    pub(crate) snapshot: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) lock: PathBuf,
    /// Where either of the two is while it is being written.
    pub(crate) temp: PathBuf,
    pub(crate) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The open lock file, from the first change on.
    pub(crate) lock: Option<File>,
    /// Size of the snapshot.
    pub(crate) snapshot_bytes: u64,
    /// The log is no place to go on: the next thing to write is a snapshot.
    pub(crate) spoilt: bool,
    /// After a failure, when to try again.
    pub(crate) retry_at: Option<Instant>,
}

impl Journal {
    /// That of the recordings whose other things are in this directory.
    pub(crate) fn new(native_dir: &Path) -> Self {
        Journal {
            snapshot: native_dir.join("index"),
            log: native_dir.join("index.log"),
            lock: native_dir.join("index.lock"),
            temp: native_dir.join("index.new"),
            state: Mutex::default(),
        }
    }
}

#[cfg(test)]
mod tests;
