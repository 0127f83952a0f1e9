//! Who may use the files that the store makes.
//!
//! Only their owner, unless the owner of the directory they are in has opened it to a group: then
//! that group may do with what is in it what the directory lets it. The recordings' directory
//! itself is always made for its owner alone; opening it is a decision.
//!
//! The process's umask says what is usual for the program, not what the directory is for: it is
//! not asked.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;

const GROUP: u32 = 0o070;
const GROUP_WRITES: u32 = 0o020;
const GROUP_ENTERS: u32 = 0o010;
const OTHERS_WRITE: u32 = 0o002;
const SET_GID: u32 = 0o2000;

/// A group that a directory was opened to.
struct Group {
    gid: u32,
    /// The bits of the directory's mode that are its.
    mode: u32,
}

impl Group {
    /// Where everybody may write, nobody in particular was meant.
    fn of(dir: &fs::Metadata) -> Option<Group> {
        let mode = dir.mode();
        let is_open = mode & GROUP_WRITES != 0 && mode & OTHERS_WRITE == 0;
        is_open.then(|| Group {
            gid: dir.gid(),
            mode: mode & (GROUP | SET_GID),
        })
    }

    /// Gives it what was made. Where the system refuses, as it does for who is not of the group,
    /// or does not own the file, that stays as it is.
    fn share(&self, made: &File) -> io::Result<()> {
        let metadata = made.metadata()?;
        let shared = match metadata.is_dir() {
            true => 0o700 | self.mode,
            false => 0o600 | (self.mode & GROUP & !GROUP_ENTERS),
        };
        if metadata.gid() != self.gid {
            fchown(made, None, Some(self.gid))?;
        }
        if metadata.mode() & 0o7777 != shared {
            made.set_permissions(Permissions::from_mode(shared))?;
        }
        Ok(())
    }
}

/// The group that the directory was opened to in which this path is.
fn group_around(path: &Path) -> Option<Group> {
    Group::of(&fs::metadata(path.parent()?).ok()?)
}

/// Opens a directory within the store's to the group that the one around it is open to.
pub(crate) fn share_dir(path: &Path) {
    if let (Some(group), Ok(dir)) = (group_around(path), File::open(path)) {
        let _ = group.share(&dir);
    }
}

/// Opens, or makes, a file within the store's directories.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.mode(0o600).open(path)?;
    if let Some(group) = group_around(path) {
        let _ = group.share(&file);
    }
    Ok(file)
}
