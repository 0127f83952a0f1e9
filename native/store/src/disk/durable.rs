//! Names and content that are to survive a power cut, as far as the file system can.

use std::io;
use std::path::Path;

use super::{FileSystem, Kind};

/// What a recording outlives once it is saved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut and a crash of the system: its file is synced, and then its directory.
    #[default]
    Synced,
    /// The end of the program, whatever ends it, since the kernel has it. What the kernel has not
    /// written by itself yet, on Linux mostly within 30 seconds, a power cut may take: then there
    /// is no file, or an empty or short one, which is found to be damaged.
    ///
    /// A save that replaces a recording still syncs the new one before the old one goes, so that
    /// what is lost is new.
    Relaxed,
}

/// Creates a directory that is the store's, and those above it that are missing, which are not.
pub(crate) fn create_dirs(fs: &dyn FileSystem, dir: &Path) -> io::Result<()> {
    create(fs, dir, 1)
}

/// The same where the directory around it is the store's as well.
pub(crate) fn create_dirs_within(fs: &dyn FileSystem, dir: &Path) -> io::Result<()> {
    create(fs, dir, 2)
}

/// The innermost `own` of them are for their owner alone.
fn create(fs: &dyn FileSystem, dir: &Path, own: u32) -> io::Result<()> {
    match fs.metadata(dir) {
        Ok(found) if found.kind == Kind::Directory => return Ok(()),
        Ok(_) => return Err(io::ErrorKind::NotADirectory.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let parent = dir.parent();
    if let Some(parent) = parent {
        create(fs, parent, own.saturating_sub(1))?;
    }
    let created = match own {
        0 => fs.create_parent(dir),
        _ => fs.create_dir(dir),
    };
    match created {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        result => result?,
    }
    match parent {
        // That it is not supported is told when a recording is saved.
        Some(parent) => sync_names(fs, parent).map(drop),
        None => Ok(()),
    }
}

/// Puts the names in a directory on the disk; what the file system does not support is returned.
pub(crate) fn sync_names(fs: &dyn FileSystem, dir: &Path) -> io::Result<Option<io::Error>> {
    match fs.sync_dir(dir) {
        // Only directories: of a file it would be a defect of this program.
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => Ok(Some(error)),
        Err(error) if is_unsupported(&error) => Ok(Some(error)),
        result => result.map(|()| None),
    }
}

/// Whether a sync that failed so is one that the file system does not know.
pub(crate) fn is_unsupported(error: &io::Error) -> bool {
    let numbers = [libc::EINVAL, libc::ENOTSUP, libc::ENOSYS];
    error.raw_os_error().is_some_and(|it| numbers.contains(&it))
}
