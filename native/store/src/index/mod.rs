pub(crate) mod block;
pub(crate) mod changes;
mod claims;
mod damage;
mod damaged;
mod doubt;
pub(crate) mod entry;
mod interned;
pub(crate) mod journal;
pub(crate) mod loader;
pub(crate) mod name;
mod objects;
mod order;
pub(crate) mod pages;
mod places;
mod slot;

pub(crate) use block::{MAX_ROWS, Row, Rows, UNKNOWN_SUBJECT, head, subject_tag};
pub use damage::Damage;
pub(crate) use doubt::SETTLED_AFTER;
pub use entry::{Entry, Names, View};
pub(crate) use objects::Learnt;
pub use pages::Pages;
pub(crate) use places::GRAIN_MS;
use places::is_copy;
pub(crate) use slot::Slot;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use crate::codec::Flaw;
use crate::disk::Stamp;
use crate::remote::Put;
use changes::Changes;
use claims::Claims;
use doubt::Doubt;
use objects::Objects;
use order::Order;

/// What is in the directory, by file, by id and by age. Memory only, and never waits.
#[derive(Debug, Default)]
pub(crate) struct Index {
    files: HashSet<ByFile>,
    damaged: HashMap<Box<[u8]>, Damaged>,
    /// When the first of them is to be looked at again, or earlier.
    doubtful_from: Option<Instant>,
    claims: Claims,
    /// One entry per id.
    order: Order,
    /// Size of all files that hold a recording.
    bytes: u64,
    /// How many of these are not known with all their pages.
    incomplete: usize,
    changes: Changes,
    /// What of them is in the bucket.
    objects: Objects,
    /// How many are nowhere else.
    elsewhere: usize,
    /// While files are being looked at: those that the store itself changed meanwhile, of which
    /// what was seen may be out of date.
    touched: Option<HashSet<Box<[u8]>>>,
}

#[derive(Debug)]
struct Damaged {
    stamp: Option<Stamp>,
    flaw: Flaw,
    /// Whether [`Index::take_damage`] has told of it.
    told: bool,
    doubt: Doubt,
}

impl Index {
    /// Starts to record which files the store itself changes.
    pub(crate) fn begin_scan(&mut self) {
        self.touched = Some(HashSet::new());
    }

    /// Stops it and returns them.
    pub(crate) fn end_scan(&mut self) -> HashSet<Box<[u8]>> {
        self.touched.take().unwrap_or_default()
    }

    /// The store itself changed a file, and is about to say how.
    pub(crate) fn touch(&mut self, file: &[u8]) {
        if let Some(touched) = &mut self.touched {
            touched.insert(file.into());
        }
    }

    /// What is new and not written down yet.
    pub(crate) fn changes(&mut self) -> &mut Changes {
        &mut self.changes
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// See [`Order::pack`].
    pub(crate) fn pack(&mut self) {
        self.order.pack();
    }

    /// Takes note of a file; a recording's entry has the same name in it.
    pub(crate) fn put(&mut self, file: &[u8], slot: Slot) {
        let before = self.detach(file);
        match slot {
            Slot::Recording(entry) => {
                self.damaged.remove(file);
                let stamp = entry.stamp;
                let before = before.and_then(|(before, put)| Some((before, put?)));
                let is_same = |(before, put): &(Arc<Entry>, Put)| {
                    before.stamp == stamp || is_copy(&entry, before, *put)
                };
                match before {
                    Some(before) if is_same(&before) => self.attach(entry, Some(before.1)),
                    before => {
                        self.attach(entry, None);
                        // What somebody has put here by hand may be the earlier version.
                        if let Some((_, put)) = before
                            && put.saved_ns <= stamp.modified_ns
                        {
                            self.objects.orphan(file, put);
                        }
                    }
                }
            }
            // The object may be whole.
            Slot::Damaged { stamp, flaw } => {
                let known = self.damaged.get(file);
                let now = Instant::now();
                let as_before = known.filter(|known| known.stamp == stamp && known.flaw == flaw);
                let mut doubt = as_before.map_or(Doubt::new(now), |known| known.doubt);
                doubt.confirm(now);
                let told = known.is_some_and(|known| known.told);
                let damaged = Damaged {
                    stamp,
                    flaw,
                    told,
                    doubt,
                };
                self.damaged.insert(file.into(), damaged);
                self.expect(doubt.due());
            }
        }
    }

    /// Whether nothing was learnt about a file since `known` was cloned from here.
    pub(crate) fn is(&self, file: &[u8], known: &Slot) -> bool {
        self.get(file).is_some_and(|current| current.is(known))
    }

    /// Like [`Index::put`], unless something else was learnt about the file since `known` was
    /// cloned from here.
    pub(crate) fn put_if(&mut self, file: &[u8], known: &Slot, slot: Slot) -> bool {
        let same = self.is(file, known);
        if same {
            self.put(file, slot);
        }
        same
    }

    pub(crate) fn remove(&mut self, file: &[u8]) {
        if let Some((_, Some(put))) = self.detach(file) {
            self.objects.orphan(file, put);
        }
        self.damaged.remove(file);
    }

    pub(crate) fn get(&self, file: &[u8]) -> Option<Slot> {
        match (self.files.get(file), self.damaged.get(file)) {
            (Some(ByFile(entry)), _) => Some(Slot::Recording(Arc::clone(entry))),
            (None, Some(Damaged { stamp, flaw, .. })) => Some(Slot::Damaged {
                stamp: *stamp,
                flaw: flaw.clone(),
            }),
            (None, None) => None,
        }
    }

    /// What is known of a file that holds a recording.
    pub(crate) fn recording(&self, file: &[u8]) -> Option<&Arc<Entry>> {
        self.files.get(file).map(|ByFile(entry)| entry)
    }

    /// Every file here that there is something known of.
    pub(crate) fn files(&self) -> impl Iterator<Item = &[u8]> {
        let here = self.recordings().filter(|entry| entry.is_here());
        let recordings = here.map(|entry| entry.file());
        recordings.chain(self.damaged.keys().map(|file| &**file))
    }

    /// How many [`Index::files`] there are.
    pub(crate) fn files_len(&self) -> usize {
        self.files.len() - self.elsewhere + self.damaged.len()
    }

    /// The files that hold a recording.
    pub(crate) fn recordings(&self) -> impl ExactSizeIterator<Item = &Arc<Entry>> {
        self.files.iter().map(|ByFile(entry)| entry)
    }

    /// The files whose recording has this id inside, best first.
    pub(crate) fn claims(&self, id: &[u8]) -> impl Iterator<Item = &Arc<Entry>> {
        self.claims.of(id)
    }

    /// One entry per id, newest recording first, ties by id. From the back, oldest first.
    pub(crate) fn newest_first(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.order.iter()
    }

    /// The part of [`Index::newest_first`] between two positions, each a `connected_at` and an
    /// id. Nothing if they are in the wrong order.
    pub(crate) fn newest_between(
        &self,
        from: Bound<(i64, &[u8])>,
        to: Bound<(i64, &[u8])>,
    ) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.order.between(from, to)
    }

    /// As [`Index::newest_between`], with what can be told without looking at the entries.
    pub(crate) fn rows_between(
        &self,
        from: Bound<(i64, &[u8])>,
        to: Bound<(i64, &[u8])>,
    ) -> impl Iterator<Item = Rows<'_>> {
        self.order.rows_between(from, to)
    }

    /// How many ids there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Size in bytes of all files that hold a recording.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether of some recordings not all pages are known.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete > 0
    }

    /// `object` is when its object was put into the bucket.
    fn attach(&mut self, entry: Arc<Entry>, object: Option<Put>) {
        if entry.is_here() {
            self.changes.note(&entry);
        } else {
            self.elsewhere += 1;
        }
        self.objects.attach(&entry, object);
        self.bytes = self.bytes.saturating_add(entry.stamp.len);
        self.incomplete += usize::from(!entry.pages.is_complete());
        self.files.insert(ByFile(Arc::clone(&entry)));
        self.reorder(&Arc::clone(&entry), |claims| claims.insert(entry));
    }

    /// Returns what was known of a file, and when its object was put into the bucket.
    fn detach(&mut self, file: &[u8]) -> Option<(Arc<Entry>, Option<Put>)> {
        let ByFile(entry) = self.files.take(file)?;
        self.elsewhere -= usize::from(!entry.is_here());
        self.bytes = self.bytes.saturating_sub(entry.stamp.len);
        self.incomplete -= usize::from(!entry.pages.is_complete());
        self.reorder(&entry, |claims| claims.remove(&entry));
        let object = self.objects.detach(&entry);
        Some((entry, object))
    }

    /// Changes the claims to an entry's id, and keeps the one that counts in the order.
    fn reorder(&mut self, entry: &Entry, change: impl FnOnce(&mut Claims)) {
        let before = self.claims.best(entry.id()).cloned();
        change(&mut self.claims);
        let after = self.claims.best(entry.id());
        if let (Some(before), Some(after)) = (&before, after)
            && Arc::ptr_eq(before, after)
        {
            return;
        }
        if let Some(before) = before {
            self.order.remove(&before);
        }
        if let Some(after) = after {
            self.order.insert(Arc::clone(after));
        }
    }
}

/// An entry, found by its file's name.
#[derive(Debug)]
struct ByFile(Arc<Entry>);

impl Borrow<[u8]> for ByFile {
    fn borrow(&self) -> &[u8] {
        self.0.file()
    }
}

impl Hash for ByFile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.file().hash(state);
    }
}

impl PartialEq for ByFile {
    fn eq(&self, other: &Self) -> bool {
        self.0.file() == other.0.file()
    }
}

impl Eq for ByFile {}

#[cfg(test)]
mod tests;
