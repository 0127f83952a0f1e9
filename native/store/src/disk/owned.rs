//! Directories in `.native/` that belong to one running engine each.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use super::FileSystem;
use super::heart::Beat;
use super::locks::{self, is_unsupported};
use super::owner::{self, Owner};

/// The file in it whose lock makes it owned, and which says by whom.
pub(crate) const LOCK: &str = "lock";

/// So often a lock that was made again is tried to be locked.
const RELOCKS: u32 = 10;

/// A directory that is owned for as long as this exists. Removed then if nothing is in it.
///
/// The lock belongs to the open file and not to the process, so that two engines in one process
/// exclude each other like any others, and a killed one holds nothing.
#[derive(Debug)]
pub(crate) struct Directory {
    held: Arc<Held>,
    beat: Option<Beat>,
}

struct Held {
    fs: Arc<dyn FileSystem>,
    path: PathBuf,
    owner: Owner,
    /// Inode of the directory.
    inode: u64,
    lock: Mutex<Option<Lock>>,
    /// Set once it is found to be gone, or somebody else's. It never is ours again then.
    lost: AtomicBool,
}

struct Lock {
    file: File,
    key: (u64, u64),
    /// How often the record was written.
    count: u64,
    /// Whether it is locked, where it can be.
    locked: bool,
}

/// What has become of a directory.
enum State {
    Ours,
    /// It is, but its lock was removed.
    Unlocked,
    Lost,
}

impl Directory {
    /// Owns a directory by its lock. `None` if somebody else has replaced the lock since it was
    /// opened. `locked` is whether the lock alone keeps all others out: if not, it must be seen
    /// whose it is.
    pub(crate) fn own(
        fs: &Arc<dyn FileSystem>,
        path: PathBuf,
        file: File,
        owner: Owner,
        locked: bool,
    ) -> io::Result<Option<Arc<Self>>> {
        // Who has left a directory owns nothing in it.
        let Some(period) = owner.period else {
            return Ok(None);
        };
        let key = locks::key_of(&file)?;
        match fs.metadata(&path.join(LOCK)) {
            Ok(found) if found.stamp.inode == key.1 => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        match fs.beat(&file, &owner.encode(0)) {
            // A full disk is no reason not to read what is there.
            Err(_) if locked => {}
            written => written?,
        }
        let inode = fs.metadata(&path)?.stamp.inode;
        let lock = Lock {
            file,
            key,
            count: 0,
            locked: true,
        };
        let held = Arc::new(Held {
            fs: Arc::clone(fs),
            path,
            owner,
            inode,
            lock: Mutex::new(Some(lock)),
            lost: AtomicBool::new(false),
        });
        locks::add(key);
        let mut directory = Directory { held, beat: None };
        let beating = Arc::clone(&directory.held);
        directory.beat = Some(Beat::start(period, move || beating.beat())?);
        Ok(Some(Arc::new(directory)))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.held.path
    }

    /// Whether it was found to be gone, or somebody else's.
    pub(crate) fn is_lost(&self) -> bool {
        self.held.lost.load(Ordering::Relaxed)
    }

    /// Looks whether it is still ours, without waiting until that is found by itself.
    pub(crate) fn check(&self) {
        self.held.beat();
    }
}

impl Held {
    /// Sees whether the directory is still ours, and shows the others that it is.
    fn beat(&self) {
        let mut lock = self.lock.lock();
        if self.lost.load(Ordering::Relaxed) {
            return;
        }
        let Some(lock) = &mut *lock else { return };
        let state = match self.look(lock.key.1) {
            Ok(State::Unlocked) => self.relock(lock),
            state => state,
        };
        match state {
            Ok(State::Lost) => self.lost.store(true, Ordering::Relaxed),
            // Whoever sees the record and has the lock would take the owner for gone.
            Ok(_) if self.hold(lock) => {
                lock.count += 1;
                // On a full disk, say, the lock has to do.
                let record = self.owner.encode(lock.count);
                let _ = self.fs.beat(&lock.file, &record);
            }
            // What the disk does not tell or do now it may the next time.
            Ok(_) | Err(_) => {}
        }
    }

    fn look(&self, inode: u64) -> io::Result<State> {
        let fs = &self.fs;
        let mut record = Vec::new();
        match fs.read(&self.path.join(LOCK), owner::MAX_LEN, &mut record) {
            Ok(stamp) if stamp.inode != inode => Ok(State::Lost),
            Ok(_) => match Owner::decode(&record) {
                Some(owner) if owner.token != self.owner.token => Ok(State::Lost),
                // Damaged, it is written again.
                _ => Ok(State::Ours),
            },
            Err(error) if is_missing(&error) => match fs.metadata(&self.path) {
                Ok(found) if found.stamp.inode == self.inode => Ok(State::Unlocked),
                Ok(_) => Ok(State::Lost),
                Err(error) if is_missing(&error) => Ok(State::Lost),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Makes the lock again that somebody has removed.
    fn relock(&self, lock: &mut Lock) -> io::Result<State> {
        // If somebody else makes it first, that is seen the next time.
        let file = self.fs.open_lock(&self.path.join(LOCK), true)?;
        let key = locks::key_of(&file)?;
        locks::replace(lock.key, key);
        *lock = Lock {
            file,
            key,
            count: lock.count,
            locked: false,
        };
        Ok(State::Ours)
    }

    /// Whether it is locked, which it may not be yet if it was made again.
    fn hold(&self, lock: &mut Lock) -> bool {
        for _ in 0..RELOCKS {
            if lock.locked {
                break;
            }
            match self.fs.try_lock(&lock.file) {
                Ok(true) => lock.locked = true,
                // Who is only looking whose it is has it for a moment.
                Ok(false) => thread::sleep(Duration::from_millis(1)),
                Err(error) => {
                    lock.locked = is_unsupported(&error);
                    break;
                }
            }
        }
        lock.locked
    }

    /// Removes the directory if nothing is in it, or says that it is left to whoever wants it.
    fn leave(&self, lock: &Lock) {
        // Somebody may have removed it, and made another one of the same name.
        if self.lost.load(Ordering::Relaxed) || !matches!(self.look(lock.key.1), Ok(State::Ours)) {
            return;
        }
        let fs = &self.fs;
        let empty =
            (fs.names(&self.path)).is_ok_and(|names| names.iter().all(|file| file.name == *LOCK));
        // If any of it fails, the next start finds an owner that is gone.
        if empty {
            let _ = fs.remove(&self.path.join(LOCK));
            let _ = fs.remove_dir(&self.path);
        } else {
            let gone = Owner {
                period: None,
                ..self.owner
            };
            let _ = fs.beat(&lock.file, &gone.encode(lock.count + 1));
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(self.beat.take());
        // Still locked until all is done.
        if let Some(lock) = self.held.lock.lock().take() {
            self.held.leave(&lock);
            locks::remove(lock.key);
        }
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.path.fmt(f)
    }
}

/// Whether a path leads nowhere any more, on a network's disk perhaps to what was there.
pub(crate) fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::StaleNetworkFileHandle
    )
}

#[cfg(test)]
mod tests;
