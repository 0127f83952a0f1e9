//! Writing down what is known.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use crate::directory::Files;
use crate::disk::access;
use crate::disk::clock;
use crate::disk::temp::TempFile;
use crate::index::Entry;
use crate::index::journal::{State, rows, snapshot};

/// A log shorter than this is not worth a new snapshot.
const MIN_LOG_BYTES: u64 = 1 << 20;

/// After a failure, such as a full disk, the journal rests for so long.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// What becomes of a log.
enum Log {
    Continued,
    /// A new snapshot takes its place.
    Finished,
}

impl Files {
    /// Writes down what has changed in the index since the last time. A failure is nobody's
    /// concern: it costs time when the directory is opened, and nothing else.
    pub(crate) fn write_journal(&self) {
        if !self.index.read().has_changes() {
            return;
        }
        let mut state = self.journal.state.lock();
        if state.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        state.retry_at = None;
        let done = match self.locked(&mut state, Files::append) {
            Ok(Some(Log::Continued) | None) => true,
            Ok(Some(Log::Finished)) => {
                state.spoilt = true;
                drop(state);
                // Nobody who only wants to save waits for a scan: what comes next finds the log
                // spoilt, and tries again.
                let Some(scan) = self.scan.try_lock() else {
                    return;
                };
                let compacted = self.compact_under(&scan);
                drop(scan);
                state = self.journal.state.lock();
                compacted.is_ok()
            }
            Err(_) => false,
        };
        if !done {
            state.spoilt = true;
            state.retry_at = Some(Instant::now() + RETRY_AFTER);
        }
    }

    /// Writes everything down anew, so that nothing is left on the disk of what is no longer in
    /// the directory.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if another process is at it, or what the disk says.
    pub(crate) fn compact_journal(&self) -> io::Result<()> {
        self.compact_under(&self.scan.lock())
    }

    fn compact_under(&self, scan: &MutexGuard<'_, ()>) -> io::Result<()> {
        // What other stores have written down is not to be forgotten.
        self.update(scan).map_err(io::Error::other)?;
        let mut state = self.journal.state.lock();
        match self.locked(&mut state, Files::compact)? {
            Some(()) => Ok(()),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Does it, unless another process has the lock.
    fn locked<R>(
        &self,
        state: &mut State,
        work: impl FnOnce(&Files, &mut State) -> io::Result<R>,
    ) -> io::Result<Option<R>> {
        let lock = match state.lock.take() {
            Some(lock) => lock,
            None => {
                self.prepare().map_err(io::Error::other)?;
                open_lock(&self.journal.lock)?
            }
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                state.lock = Some(lock);
                return Ok(None);
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let result = work(self, state);
        lock.unlock()?;
        if result.is_ok() {
            // After a failure it is opened anew: somebody may have removed the directory.
            state.lock = Some(lock);
        }
        result.map(Some)
    }

    fn append(&self, state: &mut State) -> io::Result<Log> {
        if state.spoilt {
            return Ok(Log::Finished);
        }
        let Some(changes) = self.index.write().changes().take() else {
            return Ok(Log::Finished);
        };
        match self.fs().append(&self.journal.log, &rows(&changes)) {
            Ok(bytes) if bytes <= state.snapshot_bytes.max(MIN_LOG_BYTES) => Ok(Log::Continued),
            Ok(_) => Ok(Log::Finished),
            // There is none yet, or somebody removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Log::Finished),
            Err(error) => Err(error),
        }
    }

    fn compact(&self, state: &mut State) -> io::Result<()> {
        // Until all is done the log may be that of another snapshot.
        state.spoilt = true;
        let mut entries: Vec<Arc<Entry>> = {
            let mut index = self.index.write();
            index.changes().take();
            (index.recordings().filter(|it| it.is_here()).cloned()).collect()
        };
        // In the order in which they are mostly asked for: those who read this make entries that
        // lie in memory as they do here, and walking over them is several times as fast then.
        entries.sort_unstable_by_key(|entry| entry.connected_at);
        // Another number each time, also where several processes write.
        let (snapshot, log) = snapshot(&entries, clock::wall_ns().unsigned_abs());
        self.replace(&self.journal.snapshot, &snapshot)?;
        self.replace(&self.journal.log, &log)?;
        state.snapshot_bytes = snapshot.len() as u64;
        state.spoilt = false;
        Ok(())
    }

    /// Readers see the old file or the new one. Not synced: a checksum tells.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        // Whoever made that before held the lock, and was killed.
        match self.fs().remove(&self.journal.temp) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        let write = || TempFile::write_at(self.fs(), self.journal.temp.clone(), content, false);
        let temp = match write() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Somebody removed the directory.
                self.create_dirs(&self.native_dir)
                    .map_err(io::Error::other)?;
                write()
            }
            written => written,
        };
        temp?.place(path)
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    access::open(&mut options, path)
}
