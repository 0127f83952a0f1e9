use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::claims::Claims;
use crate::damage::Flaw;
use crate::{Damage, Entry, Stamp};

/// A damaged file that did not change for so long is not looked at again until something else
/// happens in the directory. Before, it may just be in the middle of being written: the
/// pure-Elixir backend writes in place, and the last byte does not change the directory.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

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
    files: HashMap<Arc<[u8]>, Slot>,
    ids: HashMap<Arc<[u8]>, Claims>,
    order: BTreeSet<Newest>,
    /// Damaged files that [`Index::take_damage`] has not told of.
    untold: HashSet<Arc<[u8]>>,
    /// Damaged files that may still be in the middle of being written, and since when.
    unsettled: HashMap<Arc<[u8]>, Instant>,
    /// While files are being looked at: those that the store itself changed meanwhile, of which
    /// what was seen may be out of date.
    touched: Option<HashSet<Arc<[u8]>>>,
}

impl Index {
    /// Starts to record which files the store itself changes.
    pub(crate) fn begin_scan(&mut self) {
        self.touched = Some(HashSet::new());
    }

    /// Stops it and returns them.
    pub(crate) fn end_scan(&mut self) -> HashSet<Arc<[u8]>> {
        self.touched.take().unwrap_or_default()
    }

    /// The store itself changed a file, and is about to say how.
    pub(crate) fn touch(&mut self, file: &Arc<[u8]>) {
        if let Some(touched) = &mut self.touched {
            touched.insert(Arc::clone(file));
        }
    }

    pub(crate) fn put(&mut self, file: Arc<[u8]>, slot: Slot) {
        let known_damage = matches!(self.files.get(&file), Some(Slot::Damaged { .. }));
        self.detach(&file);
        match &slot {
            Slot::Recording(entry) => {
                self.untold.remove(&file);
                self.unsettled.remove(&file);
                self.attach(Arc::clone(entry));
            }
            Slot::Damaged { .. } => {
                if !known_damage {
                    self.untold.insert(Arc::clone(&file));
                }
                self.unsettled.insert(Arc::clone(&file), Instant::now());
            }
        }
        self.files.insert(file, slot);
    }

    /// Like [`Index::put`], unless something else was learnt about the file since `known` was
    /// cloned from here.
    pub(crate) fn put_if(&mut self, file: &Arc<[u8]>, known: &Slot, slot: Slot) {
        if self
            .files
            .get(file)
            .is_some_and(|current| current.is(known))
        {
            self.put(Arc::clone(file), slot);
        }
    }

    pub(crate) fn remove(&mut self, file: &[u8]) {
        self.detach(file);
        self.files.remove(file);
        self.untold.remove(file);
        self.unsettled.remove(file);
    }

    /// Like [`Index::remove`], under the condition of [`Index::put_if`].
    pub(crate) fn remove_if(&mut self, file: &[u8], known: &Slot) {
        if self
            .files
            .get(file)
            .is_some_and(|current| current.is(known))
        {
            self.remove(file);
        }
    }

    pub(crate) fn get(&self, file: &[u8]) -> Option<&Slot> {
        self.files.get(file)
    }

    pub(crate) fn key_value(&self, file: &[u8]) -> Option<(&Arc<[u8]>, &Slot)> {
        self.files.get_key_value(file)
    }

    pub(crate) fn files(&self) -> impl ExactSizeIterator<Item = &Arc<[u8]>> {
        self.files.keys()
    }

    /// The files whose recording has this id inside, best first.
    pub(crate) fn claims(&self, id: &[u8]) -> impl Iterator<Item = &Arc<Entry>> {
        self.ids.get(id).into_iter().flat_map(Claims::iter)
    }

    /// One entry per id, newest recording first, ties by id.
    pub(crate) fn newest_first(&self) -> Vec<Arc<Entry>> {
        let mut entries = Vec::with_capacity(self.order.len());
        entries.extend(self.order.iter().map(|newest| Arc::clone(&newest.0)));
        entries
    }

    pub(crate) fn take_damage(&mut self) -> Vec<Damage> {
        let untold = std::mem::take(&mut self.untold);
        let damage = untold.iter().filter_map(|file| match self.files.get(file) {
            Some(Slot::Damaged { flaw, .. }) => Some(Damage {
                file: String::from_utf8_lossy(file).into_owned(),
                reason: flaw.to_string(),
            }),
            _ => None,
        });
        let mut damage: Vec<Damage> = damage.collect();
        damage.sort_by(|a, b| a.file.cmp(&b.file));
        damage
    }

    /// Damaged files that may be complete the next time.
    pub(crate) fn unsettled(&self) -> impl ExactSizeIterator<Item = &Arc<[u8]>> {
        self.unsettled.keys()
    }

    /// The file was looked at, and is as it was.
    pub(crate) fn unchanged(&mut self, file: &[u8]) {
        if self
            .unsettled
            .get(file)
            .is_some_and(|since| since.elapsed() >= SETTLED_AFTER)
        {
            self.unsettled.remove(file);
        }
    }

    fn attach(&mut self, entry: Arc<Entry>) {
        match self.ids.entry(Arc::clone(&entry.id)) {
            MapEntry::Vacant(vacant) => {
                self.order.insert(Newest(Arc::clone(&entry)));
                vacant.insert(Claims::new(entry));
            }
            MapEntry::Occupied(mut occupied) => {
                let claims = occupied.get_mut();
                self.order.remove(&Newest(Arc::clone(claims.best())));
                claims.insert(entry);
                self.order.insert(Newest(Arc::clone(claims.best())));
            }
        }
    }

    fn detach(&mut self, file: &[u8]) {
        let Some(Slot::Recording(entry)) = self.files.get(file) else {
            return;
        };
        let Some((id, claims)) = self.ids.remove_entry(&entry.id) else {
            return;
        };
        self.order.remove(&Newest(Arc::clone(claims.best())));
        if let Some(claims) = claims.without(file) {
            self.order.insert(Newest(Arc::clone(claims.best())));
            self.ids.insert(id, claims);
        }
    }
}

/// An entry in the order of [`Index::newest_first`].
#[derive(Debug)]
struct Newest(Arc<Entry>);

impl Ord for Newest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_age = other.0.connected_at.cmp(&self.0.connected_at);
        by_age.then_with(|| self.0.id.cmp(&other.0.id))
    }
}

impl PartialOrd for Newest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Newest {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Newest {}

#[cfg(test)]
mod tests {
    use replay_etf::recording::EventCounts;

    use super::*;
    use crate::{Format, View};

    fn recording(id: &str, file: &str, connected_at: i64, modified_ns: i64) -> Slot {
        Slot::Recording(Arc::new(Entry {
            id: id.as_bytes().into(),
            view: View::None,
            url: None,
            connected_at,
            event_count: 0,
            duration_ms: 0,
            events: EventCounts::default(),
            recovered: false,
            truncated: false,
            format: Format::Etf,
            file: file.as_bytes().into(),
            stamp: Stamp {
                len: 1,
                modified_ns,
                inode: 1,
            },
        }))
    }

    fn damaged() -> Slot {
        Slot::Damaged {
            stamp: None,
            flaw: Flaw::Empty,
        }
    }

    fn put(index: &mut Index, file: &str, slot: &Slot) {
        index.put(file.as_bytes().into(), slot.clone());
    }

    fn listed(index: &Index) -> Vec<String> {
        index
            .newest_first()
            .iter()
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
                index.claims(b"x").next().map(|entry| &*entry.file),
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
        let file: Arc<[u8]> = b"x.etf"[..].into();
        let (old, new) = (recording("x", "x.etf", 1, 1), recording("x", "x.etf", 2, 2));
        index.put(Arc::clone(&file), new);
        index.put_if(&file, &old, damaged());
        index.remove_if(&file, &old);
        assert_eq!(index.newest_first().len(), 1);

        let Some(known) = index.get(&file).cloned() else {
            panic!("it is there")
        };
        index.put_if(&file, &known, damaged());
        assert_eq!(listed(&index), [""; 0]);
        index.remove_if(&file, &known);
        assert_eq!(
            index.files().len(),
            1,
            "it is damaged now, and not what was known"
        );
        index.remove_if(&file, &damaged());
        assert_eq!(index.files().len(), 0);
        index.put_if(&file, &known, known.clone());
        assert_eq!(index.files().len(), 0, "a removed file stays so");
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
}
