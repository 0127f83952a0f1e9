//! Everything the engine asks of a file system, so that a test can stand in for a failing disk.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::machine::{self, Process};
use super::told::Watch;
use super::{Mapping, access, mapped};

/// What tells one version of a file from another without reading it.
///
/// The inode is part of it because a file replaced by rename may have the size and, on a kernel
/// with coarse timestamps, the time of the one before; it never has its inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Size in bytes.
    pub len: u64,
    /// Time of the last change of the content, in nanoseconds since the Unix epoch.
    pub modified_ns: i64,
    /// Inode number.
    pub inode: u64,
}

impl Stamp {
    /// The inode of what has no file here. File systems number theirs from 1.
    pub(crate) const ELSEWHERE: u64 = 0;

    /// The version of a file that only the bucket has, and that was saved at a time.
    pub(crate) fn elsewhere(len: u64, saved_ns: i64) -> Stamp {
        Stamp {
            len,
            modified_ns: saved_ns,
            inode: Stamp::ELSEWHERE,
        }
    }
}

/// What a path leads to, symbolic links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// Anything else: a pipe, a socket, a device.
    Other,
}

/// Answer of [`FileSystem::metadata`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Which version it is.
    pub stamp: Stamp,
    /// When it was put where it is, or anything else of it changed, in nanoseconds since the Unix
    /// epoch by the clock of its disk, which nobody can set.
    pub changed_ns: i64,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The name, without the directory.
    pub name: OsString,
    /// Inode number of what it names, a symbolic link itself and not what it leads to.
    pub inode: u64,
}

/// The file operations of the engine. [`OsFileSystem`] is the real one.
pub trait FileSystem: Send + Sync {
    /// Creates one directory that only its owner can enter (mode 0700).
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Creates one directory that is not the engine's, but around one that is: with the mode that
    /// is usual for the program (0777 without its umask).
    fn create_parent(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    /// Opens a directory to the group that the one around it is open to, if it is. What keeps it
    /// from that is nobody's concern.
    fn share_dir(&self, _path: &Path) {}

    /// Looks at a path, following symbolic links.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;

    /// The names in a directory, in no order; those known to be directories may be left out.
    fn names(&self, path: &Path) -> io::Result<Vec<FileName>>;

    /// Replaces `into` by the content of a regular file and returns the version read.
    ///
    /// Must neither wait for a pipe's other end nor read more than `limit` bytes: the errors are
    /// [`io::ErrorKind::InvalidInput`] and [`io::ErrorKind::FileTooLarge`].
    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp>;

    /// Writes a file that must not exist yet and that only its owner can read (mode 0600), or
    /// also the group that its directory is open to. With `sync`, its content is on the disk when this returns.
    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp>;

    /// Appends to a file that exists, in one piece, and returns how long it is then.
    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64>;

    /// Sets when a file was last changed, in nanoseconds since the Unix epoch, and returns which
    /// version it is then. With `sync`, that is on the disk when this returns.
    fn set_modified(&self, path: &Path, modified_ns: i64, sync: bool) -> io::Result<Stamp>;

    /// Renames a file, replacing `to` atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, or a symbolic link but not what it leads to.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Puts the names in a directory on the disk.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;

    // What follows is for files that are mapped into memory, and is the operating system's unless
    // an implementation has its own.

    /// Makes an empty file that must not exist yet and that only its owner can read (mode 0600),
    /// to be read and written.
    fn create_file(&self, path: &Path) -> io::Result<File> {
        mapped::create(path)
    }

    /// Opens a file that exists, to be read and written.
    fn open_file(&self, path: &Path) -> io::Result<File> {
        mapped::open(path)
    }

    /// Makes an empty file `len` bytes of zeros that really have their place on the disk, so that
    /// writing to them through memory can't fail.
    fn allocate(&self, file: &File, len: usize) -> io::Result<()> {
        mapped::allocate(file, len)
    }

    /// Maps a file of `len` bytes, of which all are allocated, to be written to.
    fn map(&self, file: &File, len: usize) -> io::Result<Mapping> {
        mapped::map(file, len)
    }

    /// Maps the first `len` bytes of a file, to be read.
    fn map_read_only(&self, file: &File, len: usize) -> io::Result<Mapping> {
        mapped::map_read_only(file, len)
    }

    /// Has a part of what is mapped from the file at `path` in memory when this returns, so that
    /// what can't be read is an error here and not a signal there.
    fn load(&self, mapping: &Mapping, path: &Path, at: usize, len: usize) -> io::Result<()> {
        mapped::load(mapping, path, at, len)
    }

    /// Puts on the disk what was written to the file at `path`, all of which is mapped.
    fn sync_mapping(&self, mapping: &Mapping, _path: &Path) -> io::Result<()> {
        mapping.sync()
    }

    /// Writes to a part of a file, which a map of it shows.
    fn write_at(&self, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        mapped::write_at(file, at, bytes)
    }

    /// Has a directory watched from now on; `None` where not everybody's changes are told, which is
    /// all but the disks of this machine alone.
    fn watch(&self, path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
        if self.is_local(path) {
            watch(path)
        } else {
            Ok(None)
        }
    }

    // What follows is about whose a directory is, and the operating system's unless an
    // implementation has its own.

    /// The names of the directories in a directory, in no order.
    fn directories(&self, path: &Path) -> io::Result<Vec<OsString>> {
        directories(path)
    }

    /// Removes a directory that is empty.
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    /// Opens a file that can be locked and written; one that must not exist yet and that only
    /// its owner can read (mode 0600), or also the group that its directory is open to, or one
    /// that must exist.
    fn open_lock(&self, path: &Path, new: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        access::open(options.read(true).write(true).create_new(new), path)
    }

    /// Locks an open file until it is closed, unless somebody else has locked it. Returns whether
    /// it is locked.
    fn try_lock(&self, file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Overwrites an open file, so that all who open it see that it has changed, other machines
    /// too.
    fn beat(&self, file: &File, content: &[u8]) -> io::Result<()> {
        file.write_all_at(content, 0)?;
        // On a network's disk this also sends what was written.
        match file.set_modified(SystemTime::now()) {
            // The content has changed still.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
            done => done,
        }
    }

    /// Whether all who can reach a path share its locks, because it is on a disk of this machine
    /// alone.
    fn is_local(&self, path: &Path) -> bool {
        machine::is_local(path)
    }

    /// The process that uses it.
    fn process(&self) -> Process {
        Process::current()
    }

    /// Whether a process of the same machine and namespace is gone for certain.
    fn is_gone(&self, process: &Process) -> bool {
        process.is_gone()
    }
}

#[cfg(target_os = "linux")]
fn watch(path: &Path) -> io::Result<Option<Box<dyn Watch>>> {
    super::notifier::watch(path).map(Some)
}

#[cfg(not(target_os = "linux"))]
fn watch(_: &Path) -> io::Result<Option<Box<dyn Watch>>> {
    Ok(None)
}

fn directories(path: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name());
        }
    }
    Ok(names)
}
