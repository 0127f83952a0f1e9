//! What becomes of what earlier runs left behind.
//!
//! A directory is one unit: its recordings go from one file to the next. As long as one of the
//! files can't be read, and may be later, only recordings that are whole without it are taken.
//! Everything else stays as it is, also the notes beside it, to be looked at again. A file that
//! will never be read is set aside. Then recordings go as far as they go without it, and what
//! would follow is set aside, too.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::chain::Chain;
use super::left::Fate;
use super::reopen::is_medium;
use super::scan::{self, Part, Scan, Scanned};
use super::segment;
use super::space::Space;
use super::wait::Wait;
use crate::disk::owned::Directory;

/// A segment file that could not be read. If it is damaged it was renamed and is not looked at
/// again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SetAside {
    /// Where it was.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// What was found in the directories of earlier runs.
#[derive(Default)]
pub(crate) struct Found {
    /// The recordings, in no order. Their segments are closing: nothing is added to them.
    pub(crate) chains: Vec<Chain>,
    /// What could not be read, each file once.
    pub(crate) set_aside: Vec<SetAside>,
    /// Directories in which something waits for another look. They can be adopted again when
    /// their recordings above are released.
    pub(crate) waiting: Vec<PathBuf>,
    /// All that were looked at, still locked: nobody else does what notes in them say.
    pub(crate) directories: Vec<Arc<Directory>>,
}

/// What is missing in a directory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Missing {
    #[default]
    Nothing,
    /// Something that will never be there.
    Gone,
    /// Something that may be read another time.
    Waiting,
}

/// What is wrong with a file.
struct Trouble {
    missing: Missing,
    reason: String,
    /// Whether it is the disk that can't read it.
    by_disk: bool,
}

/// Reads the segments in the directories of earlier runs.
pub(super) fn take_over(space: &Arc<Space>, directories: Vec<Arc<Directory>>) -> Found {
    let mut found = Found {
        directories: directories.clone(),
        ..Found::default()
    };
    let scans = scan::read(space, directories.clone());
    for (directory, scanned) in directories.iter().zip(scans) {
        match scanned {
            Ok(scanned) => found.take(space, scanned),
            Err(error) => {
                let path = directory.path().to_owned();
                found.report(space, &path, Trouble::passing(&error));
                found.waiting.push(path);
            }
        }
    }
    found
}

impl Found {
    fn take(&mut self, space: &Arc<Space>, scanned: Scanned) {
        let mut missing = match scanned.set_aside {
            true => Missing::Gone,
            false => Missing::Nothing,
        };
        let (mut recordings, mut slots) = (HashMap::<u64, Vec<Part>>::new(), Vec::new());
        for (path, mut scan) in scanned.files {
            let trouble = judge(space, &path, &scan);
            if let Scan::Segment { slot, parts, .. } = &mut scan {
                slots.push(*slot);
                for part in parts.drain(..) {
                    recordings.entry(part.header.serial).or_default().push(part);
                }
            }
            if let Some(trouble) = trouble {
                missing = missing.max(trouble.missing);
                self.report(space, &path, trouble);
            }
        }
        for (serial, parts) in recordings {
            self.chains.extend(join(serial, parts, missing));
        }
        if missing == Missing::Waiting {
            self.waiting.push(scanned.directory.path().to_owned());
        }
        slots.into_iter().for_each(|slot| space.settle(slot));
    }

    /// Tells of a file, but not again that it has to wait.
    fn report(&mut self, space: &Space, path: &Path, trouble: Trouble) {
        let mut unread = space.unread.lock();
        let told = unread.insert(path.to_owned(), trouble.by_disk).is_some();
        if !(told && trouble.missing == Missing::Waiting) {
            self.set_aside.push(SetAside {
                path: path.to_owned(),
                reason: trouble.reason,
            });
        }
    }
}

/// What is wrong with a file, and whether it is worth waiting. What is not is set aside.
fn judge(space: &Space, path: &Path, scan: &Scan) -> Option<Trouble> {
    // What a disk says twice, with time between, it will say again.
    let again = space.unread.lock().get(path) == Some(&true);
    let set_aside = |reason: String| {
        // Where renaming is impossible it is reported again at the next start.
        let _ = segment::set_aside(&*space.commons.fs, path);
        Some(Trouble::gone(reason))
    };
    match scan {
        Scan::Segment { segment, lost, .. } => match &lost.error {
            Some(error) if again => {
                segment.keep(Fate::SetAside);
                Some(Trouble::gone(format!("{error}; the rest of it was read")))
            }
            Some(error) => {
                segment.keep(Fate::Stay);
                Some(Trouble::passing(error))
            }
            None if lost.cut_off => Some(Trouble::gone("cut off".to_owned())),
            None => None,
        },
        Scan::Unfinished => {
            // If that fails, the next start finds it again.
            let _ = space.commons.fs.remove(path);
            None
        }
        Scan::Damaged(reason) => set_aside((*reason).to_owned()),
        Scan::Failed(error) if again && is_medium(error) => set_aside(error.to_string()),
        Scan::Failed(error) => Some(Trouble::passing(error)),
        Scan::Foreign(reason) => Some(Trouble::waiting(reason)),
    }
}

impl Trouble {
    fn gone(reason: String) -> Self {
        Trouble {
            missing: Missing::Gone,
            reason,
            by_disk: false,
        }
    }

    fn waiting(reason: &str) -> Self {
        Trouble {
            missing: Missing::Waiting,
            reason: format!("{reason}; it stays for the next start"),
            by_disk: false,
        }
    }

    fn passing(error: &io::Error) -> Self {
        Trouble {
            by_disk: is_medium(error),
            ..Trouble::waiting(&error.to_string())
        }
    }
}

/// Makes a recording of the chunks that belong together, and decides about the others.
fn join(serial: u64, parts: Vec<Part>, missing: Missing) -> Option<Chain> {
    let (released, parts): (Vec<Part>, _) = parts.into_iter().partition(|part| part.released);
    let retire = |parts: Vec<Part>| parts.iter().for_each(|part| part.chunk.retire(Wait::Yes));
    let keep = |parts: Vec<Part>, fate| parts.into_iter().for_each(|p| p.chunk.keep(fate));
    retire(released);
    let (joined, rest) = scan::split(parts);
    match missing {
        Missing::Nothing => retire(rest),
        Missing::Gone => keep(rest, Fate::SetAside),
        Missing::Waiting if scan::is_whole(&joined, &rest) => {}
        Missing::Waiting => {
            keep(joined, Fate::Stay);
            keep(rest, Fate::Stay);
            return None;
        }
    }
    let end = joined.last()?.end;
    let chunks = joined.into_iter().map(|part| Arc::new(part.chunk));
    Some(Chain::found(serial, chunks.collect(), end))
}
