use std::cmp::Reverse;
use std::sync::Arc;

use crate::{Entry, name};

/// The files that hold a recording of one id: one of them, nearly always.
///
/// Several are left behind where the format was changed or a file was copied by hand. The one
/// changed last counts.
#[derive(Debug)]
pub(crate) struct Claims {
    best: Arc<Entry>,
    /// Best first.
    others: Vec<Arc<Entry>>,
}

impl Claims {
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        Claims {
            best: entry,
            others: Vec::new(),
        }
    }

    pub(crate) fn best(&self) -> &Arc<Entry> {
        &self.best
    }

    /// Best first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        std::iter::once(&self.best).chain(&self.others)
    }

    /// Adds the entry of a file that is not among them yet.
    pub(crate) fn insert(&mut self, mut entry: Arc<Entry>) {
        if precedence(&entry) < precedence(&self.best) {
            std::mem::swap(&mut entry, &mut self.best);
        }
        let at = self
            .others
            .partition_point(|other| precedence(other) < precedence(&entry));
        self.others.insert(at, entry);
    }

    /// Removes a file's entry; `None` if nothing is left.
    pub(crate) fn without(mut self, file: &[u8]) -> Option<Self> {
        if *self.best.file == *file {
            if self.others.is_empty() {
                return None;
            }
            self.best = self.others.remove(0);
        } else {
            self.others.retain(|entry| *entry.file != *file);
        }
        Some(self)
    }
}

/// Lower is better: newer, then the better suffix, then by name so that it never depends on
/// the order in which files were found.
fn precedence(entry: &Entry) -> (Reverse<i64>, u8, &[u8]) {
    let rank = name::parse(&entry.file).map_or(u8::MAX, |parts| parts.rank);
    (Reverse(entry.stamp.modified_ns), rank, &entry.file)
}
