//! Locks, and which of them engines of this process have.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use parking_lot::Mutex;

/// A lock by device and inode.
pub(super) type Key = (u64, u64);

/// The locks that engines of this process have. The operating system tells two of them apart where
/// it has locks; where it has not, they must not take each other for dead.
static LOCKS: Mutex<Option<HashSet<Key>>> = Mutex::new(None);

pub(super) fn key_of(lock: &File) -> io::Result<Key> {
    let metadata = lock.metadata()?;
    Ok((metadata.dev(), metadata.ino()))
}

/// An engine of this process has a lock.
pub(super) fn add(key: Key) {
    change(|locks| locks.insert(key));
}

/// It has it no more.
pub(super) fn remove(key: Key) {
    change(|locks| locks.remove(&key));
}

/// It has another one instead.
pub(super) fn replace(old: Key, new: Key) {
    change(|locks| {
        locks.remove(&old);
        locks.insert(new)
    });
}

/// Whether a lock belongs to an engine of this process.
pub(super) fn is_in_this_process(lock: &File) -> io::Result<bool> {
    let key = key_of(lock)?;
    Ok(change(|locks| locks.contains(&key)))
}

fn change<R>(change: impl FnOnce(&mut HashSet<Key>) -> R) -> R {
    change(LOCKS.lock().get_or_insert_default())
}

/// Whether an error says that a disk, or who serves it, has no locks: which of these it says is
/// up to its driver.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    const NOT_SUPPORTED: [i32; 6] = [
        libc::ENOLCK,
        libc::EBADF,
        libc::ENOTSUP,
        libc::EOPNOTSUPP,
        libc::EINVAL,
        libc::ENOSYS,
    ];
    let listed = |number| NOT_SUPPORTED.contains(&number);
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error().is_some_and(listed)
}
