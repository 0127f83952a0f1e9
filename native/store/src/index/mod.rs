pub(crate) mod changes;
mod claims;
mod damage;
mod doubt;
pub(crate) mod entry;
mod interned;
pub(crate) mod journal;
pub(crate) mod loader;
pub(crate) mod name;
mod order;

pub use damage::Damage;
pub(crate) use doubt::SETTLED_AFTER;
pub use entry::{Entry, Names, View};

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use crate::codec::Flaw;
use crate::disk::Stamp;
use changes::Changes;
use claims::Claims;
use doubt::Doubt;
use order::Order;

/// What is known of one file.
#[derive(Debug, Clone)]
pub(crate) enum Slot {
    Recording(Arc<Entry>),
    /// `stamp` is `None` where even looking at the file failed.
    Damaged {
        stamp: Option<Stamp>,
        flaw: Flaw,
    },
}

impl Slot {
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        match self {
            Slot::Recording(entry) => Some(entry.stamp),
            Slot::Damaged { stamp, .. } => *stamp,
        }
    }

    /// Whether nothing was learnt about the file since `other` was cloned from the index.
    fn is(&self, other: &Slot) -> bool {
        match (self, other) {
            (Slot::Recording(a), Slot::Recording(b)) => Arc::ptr_eq(a, b),
            (Slot::Damaged { stamp: a, .. }, Slot::Damaged { stamp: b, .. }) => a == b,
            _ => false,
        }
    }
}

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
    changes: Changes,
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
        self.detach(file);
        match slot {
            Slot::Recording(entry) => {
                self.damaged.remove(file);
                self.changes.note(&entry);
                self.attach(entry);
            }
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

    /// Like [`Index::put`], unless something else was learnt about the file since `known` was
    /// cloned from here.
    pub(crate) fn put_if(&mut self, file: &[u8], known: &Slot, slot: Slot) -> bool {
        let same = self.get(file).is_some_and(|current| current.is(known));
        if same {
            self.put(file, slot);
        }
        same
    }

    pub(crate) fn remove(&mut self, file: &[u8]) {
        self.detach(file);
        self.damaged.remove(file);
    }

    /// Like [`Index::remove`], under the condition of [`Index::put_if`].
    pub(crate) fn remove_if(&mut self, file: &[u8], known: &Slot) -> bool {
        let same = self.get(file).is_some_and(|current| current.is(known));
        if same {
            self.remove(file);
        }
        same
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

    /// Every file there is something known of.
    pub(crate) fn files(&self) -> impl Iterator<Item = &[u8]> {
        let recordings = self.files.iter().map(|ByFile(entry)| entry.file());
        recordings.chain(self.damaged.keys().map(|file| &**file))
    }

    /// How many [`Index::files`] there are.
    pub(crate) fn files_len(&self) -> usize {
        self.files.len() + self.damaged.len()
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

    /// How many ids there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Size in bytes of all files that hold a recording.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many files are known to be damaged.
    pub(crate) fn damaged_len(&self) -> usize {
        self.damaged.len()
    }

    pub(crate) fn take_damage(&mut self) -> Vec<Damage> {
        let untold = self.damaged.iter_mut().filter(|(_, damaged)| !damaged.told);
        let mut damage: Vec<Damage> = untold
            .map(|(file, damaged)| {
                damaged.told = true;
                Damage {
                    file: String::from_utf8_lossy(file).into_owned(),
                    reason: damaged.flaw.to_string(),
                }
            })
            .collect();
        damage.sort_by(|a, b| a.file.cmp(&b.file));
        damage
    }

    /// Whether there are damaged files to look at again.
    pub(crate) fn is_doubtful(&self, now: Instant) -> bool {
        self.doubtful_from.is_some_and(|due| due <= now)
    }

    /// The damaged files that are to be looked at again, and the version that was seen. Whoever
    /// takes them looks at them, and says so.
    pub(crate) fn take_doubtful(&mut self, now: Instant) -> Vec<(Box<[u8]>, Option<Stamp>)> {
        let later = self.damaged.values().map(|it| it.doubt.due());
        self.doubtful_from = later.filter(|due| *due > now).min();
        let doubtful = self.damaged.iter().filter(|(_, it)| it.doubt.due() <= now);
        doubtful
            .map(|(file, it)| (file.clone(), it.stamp))
            .collect()
    }

    /// The file was looked at, and is as it was.
    pub(crate) fn unchanged(&mut self, file: &[u8]) {
        if let Some(damaged) = self.damaged.get_mut(file) {
            damaged.doubt.confirm(Instant::now());
            let due = damaged.doubt.due();
            self.expect(due);
        }
    }

    /// As if all damage were found so long ago.
    #[cfg(test)]
    pub(crate) fn age_damage(&mut self, by: std::time::Duration) {
        self.damaged.values_mut().for_each(|it| it.doubt.age(by));
        self.doubtful_from = self.damaged.values().map(|it| it.doubt.due()).min();
    }

    fn expect(&mut self, due: Instant) {
        let earlier = |before: Instant| before.min(due);
        self.doubtful_from = Some(self.doubtful_from.map_or(due, earlier));
    }

    fn attach(&mut self, entry: Arc<Entry>) {
        self.bytes = self.bytes.saturating_add(entry.stamp.len);
        self.files.insert(ByFile(Arc::clone(&entry)));
        self.reorder(&Arc::clone(&entry), |claims| claims.insert(entry));
    }

    fn detach(&mut self, file: &[u8]) {
        if let Some(ByFile(entry)) = self.files.take(file) {
            self.bytes = self.bytes.saturating_sub(entry.stamp.len);
            self.reorder(&entry, |claims| claims.remove(&entry));
        }
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
            self.order.remove(before);
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
mod tests {
    use std::borrow::Cow;

    use replay_etf::recording::{EventCounts, Summary, View};

    use super::*;
    use crate::codec::Flags;
    use crate::codec::Format;
    use entry::Shared;

    fn recording(id: &str, file: &str, connected_at: i64, modified_ns: i64) -> Slot {
        let summary = Summary {
            id: Cow::Borrowed(id.as_bytes()),
            view: View::None,
            url: None,
            connected_at,
            event_count: 0,
            duration_ms: 0,
            events: EventCounts::default(),
            names: Vec::new(),
        };
        let stamp = Stamp {
            len: 1,
            modified_ns,
            inode: 1,
        };
        let (file, shared) = (file.as_bytes().into(), Shared::new());
        Slot::Recording(Arc::new(Entry::new(
            summary,
            Flags::default(),
            Format::Etf,
            file,
            stamp,
            &shared,
        )))
    }

    fn damaged() -> Slot {
        Slot::Damaged {
            stamp: None,
            flaw: Flaw::Empty,
        }
    }

    fn put(index: &mut Index, file: &str, slot: &Slot) {
        index.put(file.as_bytes(), slot.clone());
    }

    fn listed(index: &Index) -> Vec<String> {
        index
            .newest_first()
            .map(|entry| entry.file_name().into_owned())
            .collect()
    }

    #[test]
    fn of_several_files_with_one_id_the_best_is_listed_while_it_exists() {
        let mut index = Index::default();
        let files = [
            ("x.json.gz", 2),
            ("x.etf.gz", 2),
            ("copy.etf", 1),
            ("other.etf", 2),
        ];
        for (file, modified_ns) in files {
            put(
                &mut index,
                file,
                &recording("x", file, modified_ns, modified_ns),
            );
        }
        for best in ["x.etf.gz", "x.json.gz", "other.etf", "copy.etf"] {
            assert_eq!(listed(&index), [best]);
            assert_eq!(
                index.claims(b"x").next().map(|entry| entry.file()),
                Some(best.as_bytes())
            );
            index.remove(best.as_bytes());
        }
        assert_eq!(listed(&index), [""; 0]);
        assert_eq!(index.claims(b"x").count(), 0);
    }

    #[test]
    fn a_file_that_changes_its_id_leaves_the_other_claims_alone() {
        let mut index = Index::default();
        put(&mut index, "a.etf", &recording("x", "a.etf", 1, 2));
        put(&mut index, "b.etf", &recording("x", "b.etf", 2, 1));
        put(&mut index, "a.etf", &recording("y", "a.etf", 3, 3));
        assert_eq!(listed(&index), ["a.etf", "b.etf"]);
        put(&mut index, "b.etf", &damaged());
        assert_eq!(listed(&index), ["a.etf"]);
    }

    #[test]
    fn what_was_learnt_meanwhile_is_not_overwritten() {
        let mut index = Index::default();
        let file = b"x.etf";
        let (old, new) = (recording("x", "x.etf", 1, 1), recording("x", "x.etf", 2, 2));
        index.put(file, new);
        index.put_if(file, &old, damaged());
        index.remove_if(file, &old);
        assert_eq!(index.len(), 1);

        let Some(known) = index.get(file) else {
            panic!("it is there")
        };
        index.put_if(file, &known, damaged());
        assert_eq!(listed(&index), [""; 0]);
        index.remove_if(file, &known);
        assert_eq!(
            index.files_len(),
            1,
            "it is damaged now, and not what was known"
        );
        index.remove_if(file, &damaged());
        assert_eq!(index.files_len(), 0);
        index.put_if(file, &known, known.clone());
        assert_eq!(index.files_len(), 0, "a removed file stays so");
    }

    #[test]
    fn damage_is_told_once_until_the_file_was_whole_again() {
        let mut index = Index::default();
        for times in [1, 0] {
            put(&mut index, "x.etf", &damaged());
            assert_eq!(index.take_damage().len(), times);
        }
        put(&mut index, "x.etf", &recording("x", "x.etf", 1, 1));
        put(&mut index, "x.etf", &damaged());
        put(&mut index, "gone.etf", &damaged());
        index.remove(b"gone.etf");
        let damage = index.take_damage();
        assert_eq!(damage.len(), 1);
        assert_eq!(
            (&*damage[0].file, &*damage[0].reason),
            ("x.etf", "the file is empty")
        );
    }

    #[test]
    fn a_part_of_the_order_begins_and_ends_anywhere() {
        let mut index = Index::default();
        for (id, at) in [("a", 3), ("b", 2), ("c", 2), ("d", 1)] {
            let file = format!("{id}.etf");
            put(&mut index, &file, &recording(id, &file, at, 1));
        }
        let between = |from: Bound<(i64, &[u8])>, to: Bound<(i64, &[u8])>| -> String {
            let entries = index.newest_between(from, to);
            entries.map(|entry| char::from(entry.id()[0])).collect()
        };
        let (b, beyond_c) = ((2, &b"b"[..]), (2, &b"cc"[..]));
        assert_eq!(between(Bound::Unbounded, Bound::Unbounded), "abcd");
        assert_eq!(between(Bound::Excluded(b), Bound::Unbounded), "cd");
        assert_eq!(between(Bound::Included(b), Bound::Excluded(beyond_c)), "bc");
        assert_eq!(between(Bound::Excluded(b), Bound::Excluded(b)), "");
        assert_eq!(between(Bound::Excluded(beyond_c), Bound::Included(b)), "");
    }

    #[test]
    fn sizes_add_up() {
        let mut index = Index::default();
        put(&mut index, "a.etf", &recording("a", "a.etf", 1, 1));
        put(&mut index, "a.etf", &recording("a", "a.etf", 1, 2));
        put(&mut index, "a.json", &recording("a", "a.json", 1, 3));
        assert_eq!((index.len(), index.bytes()), (1, 2));
        put(&mut index, "a.etf", &damaged());
        assert_eq!((index.len(), index.bytes()), (1, 1));
        index.remove(b"a.json");
        assert_eq!((index.len(), index.bytes()), (0, 0));
    }
}
