//! Directories in `.native/` that belong to one running engine each.
//!
//! What is in such a directory needs no owner's name and no age to tell whether it is in use:
//! whoever can lock the directory knows that its owner is gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::access;

/// The file in it whose lock makes it owned.
pub(crate) const LOCK: &str = "lock";

/// A directory, locked for as long as this exists. Removed then if nothing is in it.
///
/// The lock belongs to the open file and not to the process, so that two engines in one process
/// exclude each other like any others, and a killed one holds nothing.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    lock: File,
}

impl Directory {
    /// Makes one, named by the prefix and a number that is not in use.
    pub(crate) fn create(parent: &Path, prefix: &str) -> io::Result<Self> {
        for k in 0..=u32::MAX {
            let path = parent.join(format!("{prefix}{k}"));
            match access::create_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            // Someone who is looking for what others left behind may have been faster.
            if let Some(directory) = Directory::lock(path)? {
                return Ok(directory);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// `None` if someone else has it, or it was just removed.
    fn lock(path: PathBuf) -> io::Result<Option<Self>> {
        let lock_path = path.join(LOCK);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let lock = match access::open(&mut options, &lock_path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The owner before may have removed the file between the opening and the locking, and
        // then this lock keeps nobody out.
        let directory = Directory { path, lock };
        Ok(directory.is_current().then_some(directory))
    }

    /// Whether the directory is still the one that was locked.
    fn is_current(&self) -> bool {
        let there = fs::metadata(self.path.join(LOCK));
        there.is_ok_and(|there| {
            self.lock
                .metadata()
                .is_ok_and(|locked| locked.ino() == there.ino())
        })
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let empty = fs::read_dir(&self.path)
            .is_ok_and(|mut entries| entries.all(|e| e.is_ok_and(|e| e.file_name() == LOCK)));
        // Somebody may have removed it, and made another one of the same name.
        if empty && self.is_current() {
            // Still locked; and if it fails, the next start finds an empty directory.
            let _ = fs::remove_file(self.path.join(LOCK));
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// Takes over the directories in `parent`, named by the prefix and a number, whose owners are
/// gone. No `parent`, none. Those that this user may not take over are left alone.
pub(crate) fn adopt(parent: &Path, prefix: &str) -> io::Result<Vec<Directory>> {
    adopt_telling(parent, prefix, &mut |_, _| {})
}

/// As [`adopt`], and tells `refused` of each that it had to leave alone, and why.
pub(crate) fn adopt_telling(
    parent: &Path,
    prefix: &str,
    refused: &mut dyn FnMut(&Path, io::Error),
) -> io::Result<Vec<Directory>> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if is_of_others(&error) => {
            refused(parent, error);
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(prefix)?.parse::<u32>().ok());
        if let (Some(number), true) = (number, entry.file_type()?.is_dir()) {
            paths.push((number, entry.path()));
        }
    }
    paths.sort_unstable();
    let mut adopted = Vec::new();
    for (_, path) in paths {
        match Directory::lock(path.clone()) {
            Ok(directory) => adopted.extend(directory),
            Err(error) if is_of_others(&error) => refused(&path, error),
            Err(error) => return Err(error),
        }
    }
    Ok(adopted)
}

/// Whether it is refused for good, because what it is about belongs to somebody else, or is on
/// a disk that can't be written.
fn is_of_others(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let first = Directory::create(parent.path(), "a-").unwrap();
        let second = Directory::create(parent.path(), "a-").unwrap();
        assert_ne!(first.path(), second.path());
        assert!(adopt(parent.path(), "a-").unwrap().is_empty());
    }

    #[test]
    fn what_is_left_in_a_directory_keeps_it_for_the_next_owner() {
        let parent = tempfile::tempdir().unwrap();
        let first = Directory::create(parent.path(), "a-").unwrap();
        let path = first.path().to_owned();
        fs::write(path.join("kept"), b"x").unwrap();
        drop(first);
        let adopted = adopt(parent.path(), "a-").unwrap();
        assert_eq!(
            adopted.iter().map(Directory::path).collect::<Vec<_>>(),
            [&*path]
        );
        fs::remove_file(path.join("kept")).unwrap();
        drop(adopted);
        assert!(!path.exists());
    }

    #[test]
    fn names_of_others_are_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["a-", "a-x", "other", "b-0"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        fs::write(parent.path().join("a-7"), b"a file").unwrap();
        assert!(adopt(parent.path(), "a-").unwrap().is_empty());
        assert!(
            adopt(&parent.path().join("missing"), "a-")
                .unwrap()
                .is_empty()
        );
    }
}
