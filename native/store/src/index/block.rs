use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use super::Entry;
use crate::codec::Subject;

/// Entries in a block: inserting one moves half of them, which takes less time than finding the
/// place.
pub(crate) const MAX_ROWS: usize = 256;

/// The tag of a recording of which it is not known whom it belongs to.
pub(crate) const UNKNOWN_SUBJECT: u32 = u32::MAX;

/// Entries in order, and beside them what queries ask most: each in a column of its own, so that a
/// pass reads that alone, as it lies in memory, and most entries not at all.
#[derive(Debug)]
pub(super) struct Block {
    entries: Vec<Arc<Entry>>,
    connected_at: Vec<i64>,
    durations_ms: Vec<i64>,
    event_counts: Vec<u32>,
    views: Vec<usize>,
    heads: Vec<u32>,
    subjects: Vec<u32>,
}

/// Consecutive rows of a block: of each column as many values as there are entries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) entries: &'a [Arc<Entry>],
    pub(crate) connected_at: &'a [i64],
    pub(crate) durations_ms: &'a [i64],
    pub(crate) event_counts: &'a [u32],
    /// The addresses of the views: equal ones are mostly one.
    pub(crate) views: &'a [usize],
    /// What [`head`] makes of the ids.
    pub(crate) heads: &'a [u32],
    /// What [`subject_tag`] makes of the subjects; 0 where there is none, and
    /// [`UNKNOWN_SUBJECT`] where that is not known.
    pub(crate) subjects: &'a [u32],
}

/// An entry with that of it which can be told without looking at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) entry: &'a Arc<Entry>,
    pub(crate) connected_at: i64,
    pub(crate) duration_ms: i64,
    pub(crate) event_count: u32,
}

/// The first bytes of an id, the first of them the most significant; zeros where it is shorter.
pub(crate) fn head(id: &[u8]) -> u32 {
    let mut head = [0; 4];
    head.iter_mut().zip(id).for_each(|(to, from)| *to = *from);
    u32::from_be_bytes(head)
}

/// A number that equal subjects have in common, and others hardly ever.
pub(crate) fn subject_tag(subject: &Subject) -> u32 {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish() as u32
}

fn subject_of(entry: &Entry) -> u32 {
    match &entry.subject {
        _ if entry.pages.is_unknown() => UNKNOWN_SUBJECT,
        Some(subject) => subject_tag(subject),
        None => 0,
    }
}

impl Block {
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Block {
            entries: Vec::with_capacity(capacity),
            connected_at: Vec::with_capacity(capacity),
            durations_ms: Vec::with_capacity(capacity),
            event_counts: Vec::with_capacity(capacity),
            views: Vec::with_capacity(capacity),
            heads: Vec::with_capacity(capacity),
            subjects: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= MAX_ROWS
    }

    pub(super) fn insert(&mut self, row: usize, entry: Arc<Entry>) {
        self.connected_at.insert(row, entry.connected_at);
        self.durations_ms.insert(row, entry.duration_ms);
        self.event_counts.insert(row, entry.event_count);
        self.views.insert(row, Arc::as_ptr(&entry.view).addr());
        self.heads.insert(row, head(entry.id()));
        self.subjects.insert(row, subject_of(&entry));
        self.entries.insert(row, entry);
    }

    pub(super) fn remove(&mut self, row: usize) {
        self.entries.remove(row);
        self.connected_at.remove(row);
        self.durations_ms.remove(row);
        self.event_counts.remove(row);
        self.views.remove(row);
        self.heads.remove(row);
        self.subjects.remove(row);
    }

    /// Cuts it in two, and returns the part from a row on.
    pub(super) fn split_off(&mut self, row: usize) -> Self {
        Block {
            entries: self.entries.split_off(row),
            connected_at: self.connected_at.split_off(row),
            durations_ms: self.durations_ms.split_off(row),
            event_counts: self.event_counts.split_off(row),
            views: self.views.split_off(row),
            heads: self.heads.split_off(row),
            subjects: self.subjects.split_off(row),
        }
    }

    /// Takes over what comes behind.
    pub(super) fn append(&mut self, mut next: Self) {
        self.entries.append(&mut next.entries);
        self.connected_at.append(&mut next.connected_at);
        self.durations_ms.append(&mut next.durations_ms);
        self.event_counts.append(&mut next.event_counts);
        self.views.append(&mut next.views);
        self.heads.append(&mut next.heads);
        self.subjects.append(&mut next.subjects);
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = Arc<Entry>> {
        self.entries.into_iter()
    }

    /// Some of its rows; none if the range goes beyond them.
    pub(super) fn rows(&self, range: Range<usize>) -> Rows<'_> {
        Rows {
            entries: part(&self.entries, &range),
            connected_at: part(&self.connected_at, &range),
            durations_ms: part(&self.durations_ms, &range),
            event_counts: part(&self.event_counts, &range),
            views: part(&self.views, &range),
            heads: part(&self.heads, &range),
            subjects: part(&self.subjects, &range),
        }
    }

    /// Whether all of its rows come before a place, or also at it.
    pub(super) fn ends_before(&self, place: Place<'_>, or_at: bool) -> bool {
        match self.connected_at.last() {
            Some(last) if *last == place.0 => self.count_before(place, or_at) == self.len(),
            last => last.is_none_or(|last| *last > place.0),
        }
    }

    /// Whether a row is that at a place.
    pub(super) fn is_at(&self, row: usize, place: Place<'_>) -> bool {
        (self.entries.get(row)).is_some_and(|it| (it.connected_at, it.id()) == place)
    }

    /// How many of its rows come before a place, or also at it.
    pub(super) fn count_before(&self, (at, id): Place<'_>, or_at: bool) -> usize {
        let later = self.connected_at.partition_point(|it| *it > at);
        let not_earlier = self.connected_at.partition_point(|it| *it >= at);
        // Only those of the same moment have to be looked at.
        let same = part(&self.entries, &(later..not_earlier));
        let before = |entry: &Arc<Entry>| match entry.id().cmp(id) {
            Ordering::Equal => or_at,
            order => order.is_lt(),
        };
        later + same.partition_point(before)
    }
}

/// A place in the order: a `connected_at`, the latest first, and an id.
pub(super) type Place<'a> = (i64, &'a [u8]);

fn part<'a, T>(column: &'a [T], range: &Range<usize>) -> &'a [T] {
    column.get(range.clone()).unwrap_or_default()
}

impl<'a> Rows<'a> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Row<'a>> + use<'a> {
        let times = self.connected_at.iter().zip(self.durations_ms);
        let numbers = times.zip(self.event_counts);
        self.entries.iter().zip(numbers).map(
            |(entry, ((connected_at, duration_ms), event_count))| Row {
                entry,
                connected_at: *connected_at,
                duration_ms: *duration_ms,
                event_count: *event_count,
            },
        )
    }
}
