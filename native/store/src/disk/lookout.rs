//! How it is told whether the owner of a directory is gone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::owner::Owner;
use super::{FileSystem, Process, Stamp};

/// An owner that has not shown for so many of its periods that it lives is taken for dead, where
/// nothing else tells.
const SILENCE: u32 = 30;

/// And that must have been seen so many times: who looks may have been stopped meanwhile, as the
/// owner may.
const LOOKS: u32 = 4;

/// What a directory whose lock is missing or empty is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nameless {
    /// One that can be taken over: at worst its owner makes another one.
    Gone,
    /// One whose owner may just be making the lock anew, as somebody removed it.
    Unsure,
    /// One that somebody is taking over, whatever the lock says.
    Taken,
}

/// The owners of which it is not known whether they are gone, by their directories.
#[derive(Default)]
pub(crate) struct Watch(Mutex<HashMap<PathBuf, Watched>>);

/// What was last seen of an owner.
struct Watched {
    seen: Seen,
    period: Duration,
    since: Instant,
    looks: u32,
}

/// Whatever changes in it shows that the owner lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) record: Vec<u8>,
    pub(crate) stamp: Option<Stamp>,
}

impl Watch {
    pub(crate) fn forget(&self, path: &Path) {
        self.0.lock().remove(path);
    }

    /// Whether an owner has not been heard of for so long that it is taken for dead.
    pub(crate) fn is_silent(
        &self,
        path: &Path,
        seen: &Seen,
        owner: Option<Owner>,
        own_period: Duration,
    ) -> bool {
        let mut watched = self.0.lock();
        let now = Instant::now();
        match watched.get_mut(path) {
            Some(known) if known.seen == *seen => {
                known.looks += 1;
                let silence = known.period.saturating_mul(SILENCE);
                let silent = known.looks >= LOOKS && now.duration_since(known.since) >= silence;
                if silent {
                    watched.remove(path);
                }
                silent
            }
            _ => {
                let period = owner.and_then(|owner| owner.period).unwrap_or_default();
                let known = Watched {
                    seen: seen.clone(),
                    period: period.max(own_period),
                    since: now,
                    looks: 1,
                };
                watched.insert(path.to_owned(), known);
                false
            }
        }
    }
}

/// Whether an owner is gone for certain. `locked` is whether nobody else can have the lock; `own` is
/// the process that asks.
pub(super) fn is_gone(
    fs: &dyn FileSystem,
    own: &Process,
    owner: Option<Owner>,
    locked: bool,
    nameless: Nameless,
) -> bool {
    if nameless == Nameless::Taken {
        return false;
    }
    let Some(Owner {
        process, period, ..
    }) = owner
    else {
        return locked && nameless == Nameless::Gone;
    };
    if period.is_none() {
        return true;
    }
    match process.is_beside(own) {
        // Not one of those that this process has now.
        true if process == *own => locked,
        true => fs.is_gone(&process),
        false => locked,
    }
}
