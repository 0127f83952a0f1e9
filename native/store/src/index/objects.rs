//! What of the recordings is in the bucket too.

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use super::Entry;
use crate::disk::{Stamp, clock};
use crate::remote::{Object, Put};

/// The objects that are known, by file, and what follows from them. Until it is wanted it knows
/// nothing, and takes no space.
#[derive(Debug, Default)]
pub(super) struct Objects {
    wanted: bool,
    known: HashSet<Known>,
    /// What is here and not known to be in the bucket, by time and name.
    pending: BTreeMap<(i64, Box<[u8]>), Arc<Entry>>,
    orphans: HashSet<Object>,
    /// Those that were taken, and when: a listing from before their deletion shows them still.
    taken: HashMap<Object, i64>,
}

/// No listing is under way for so long.
const TAKEN_NS: i64 = 600_000_000_000;

/// A file's object, found by its name.
#[derive(Debug)]
struct Known {
    /// What the index has of the file.
    entry: Arc<Entry>,
    put: Put,
    /// Whether this run put it there.
    is_own: bool,
}

/// What it changes that the bucket has an object.
#[derive(Debug)]
pub(crate) enum Learnt {
    /// Nothing.
    Known,
    /// It is listed now.
    New,
    /// A file that is here is an earlier version of it, and has to go before it is listed.
    Replaced {
        /// What is to be listed.
        there: Arc<Entry>,
        /// The file's version.
        before: Stamp,
    },
}

impl Objects {
    /// From now on it knows. `entries` are those that are here.
    pub(super) fn want<'a>(&mut self, entries: impl Iterator<Item = &'a Arc<Entry>>) {
        if self.wanted {
            return;
        }
        self.wanted = true;
        entries.for_each(|entry| self.attach(entry, None));
    }

    /// When the object of this file was put there.
    pub(super) fn put_of(&self, file: &[u8]) -> Option<Put> {
        self.known.get(file).map(|known| known.put)
    }

    /// Whether the object of this file was put there by this run, or is to be.
    pub(super) fn is_own(&self, file: &[u8]) -> bool {
        self.known.get(file).is_none_or(|known| known.is_own)
    }

    /// This run has put the object of this file there.
    pub(super) fn attach_own(&mut self, entry: &Arc<Entry>, put: Put) {
        let entry = Arc::clone(entry);
        let is_own = true;
        self.known.replace(Known { entry, put, is_own });
    }

    /// The index has this of a file now.
    pub(super) fn attach(&mut self, entry: &Arc<Entry>, put: Option<Put>) {
        if !self.wanted {
            return;
        }
        match put {
            Some(put) => {
                let entry = Arc::clone(entry);
                let is_own = false;
                self.known.replace(Known { entry, put, is_own });
            }
            None if entry.is_here() => {
                self.pending.insert(place_of(entry), Arc::clone(entry));
            }
            None => {}
        }
    }

    /// The index no longer has it. Returns when its object was put there.
    pub(super) fn detach(&mut self, entry: &Entry) -> Option<Put> {
        if !self.wanted {
            return None;
        }
        self.pending.remove(&place_of(entry));
        self.known.take(entry.file()).map(|known| known.put)
    }

    pub(super) fn orphan(&mut self, file: &[u8], put: Put) {
        self.orphans.insert(object(file, put));
    }

    /// The orphans that nothing is to take the place of first.
    pub(super) fn take_orphans(
        &mut self,
        is_awaited: impl Fn(&Self, &[u8]) -> bool,
    ) -> Vec<Object> {
        let ready = self.orphans.iter();
        let ready = ready.filter(|orphan| !is_awaited(self, &orphan.file));
        let ready: Vec<_> = ready.cloned().collect();
        let now_ns = clock::wall_ns();
        self.taken.retain(|_, at| (now_ns - *at).abs() < TAKEN_NS);
        for orphan in &ready {
            self.orphans.remove(orphan);
            self.taken.insert(orphan.clone(), now_ns);
        }
        ready
    }

    /// Whether an object is an orphan, or was one when it was deleted: nothing is to be learnt of it.
    pub(super) fn is_outlived(&self, file: &[u8], put: Put) -> bool {
        let object = object(file, put);
        self.orphans.contains(&object) || self.taken.contains_key(&object)
    }

    /// What is to be uploaded, the oldest first, behind the place of one that may be gone by now.
    pub(super) fn pending(&self, after: Option<&Entry>) -> impl Iterator<Item = &Arc<Entry>> {
        let after = after.map_or(Unbounded, |entry| Excluded(place_of(entry)));
        let pending = self.pending.range((after, Unbounded));
        pending.map(|(_, entry)| entry)
    }

    pub(super) fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The files that they are of.
    pub(super) fn orphans(&self) -> impl Iterator<Item = &[u8]> {
        self.orphans.iter().map(|orphan| &*orphan.file)
    }

    pub(super) fn orphans_len(&self) -> usize {
        self.orphans.len()
    }

    /// What is known of each file that has an object, and when that was put there.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<Entry>, Put)> {
        self.known.iter().map(|it| (&it.entry, it.put))
    }
}

fn object(file: &[u8], put: Put) -> Object {
    let file = file.into();
    Object { put, file }
}

fn place_of(entry: &Entry) -> (i64, Box<[u8]>) {
    (entry.stamp.modified_ns, entry.file().into())
}

impl Borrow<[u8]> for Known {
    fn borrow(&self) -> &[u8] {
        self.entry.file()
    }
}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.entry.file().hash(state);
    }
}

impl PartialEq for Known {
    fn eq(&self, other: &Self) -> bool {
        self.entry.file() == other.entry.file()
    }
}

impl Eq for Known {}
