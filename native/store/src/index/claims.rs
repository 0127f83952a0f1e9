use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Entry, name};

/// The files that hold a recording of each id: one of them, nearly always.
///
/// Several are left behind where the format was changed or a file was copied by hand. The one
/// changed last counts.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    best: HashSet<ById>,
    /// Of ids that have several, best first.
    others: HashMap<Box<[u8]>, Vec<Arc<Entry>>>,
}

impl Claims {
    /// The one that counts.
    pub(crate) fn best(&self, id: &[u8]) -> Option<&Arc<Entry>> {
        self.best.get(id).map(|ById(entry)| entry)
    }

    /// Best first.
    pub(crate) fn of(&self, id: &[u8]) -> impl Iterator<Item = &Arc<Entry>> {
        let others = self.others.get(id).into_iter().flatten();
        self.best(id).into_iter().chain(others)
    }

    /// Adds the entry of a file that is not among them yet.
    pub(crate) fn insert(&mut self, entry: Arc<Entry>) {
        let Some(ById(best)) = self.best.take(entry.id()) else {
            self.best.insert(ById(entry));
            return;
        };
        let (best, other) = if precedence(&entry) < precedence(&best) {
            (entry, best)
        } else {
            (best, entry)
        };
        let others = self.others.entry(other.id().into()).or_default();
        let at = others.partition_point(|known| precedence(known) < precedence(&other));
        others.insert(at, other);
        self.best.insert(ById(best));
    }

    /// Removes a file's entry.
    pub(crate) fn remove(&mut self, entry: &Entry) {
        let (id, file) = (entry.id(), entry.file());
        if let Some(others) = self.others.get_mut(id) {
            if self
                .best
                .get(id)
                .is_some_and(|ById(best)| best.file() == file)
            {
                self.best.remove(id);
                self.best.insert(ById(others.remove(0)));
            } else {
                others.retain(|known| known.file() != file);
            }
            if others.is_empty() {
                self.others.remove(id);
            }
        } else if self
            .best
            .get(id)
            .is_some_and(|ById(best)| best.file() == file)
        {
            self.best.remove(id);
        }
    }
}

/// An entry, found by its id.
#[derive(Debug)]
struct ById(Arc<Entry>);

impl Borrow<[u8]> for ById {
    fn borrow(&self) -> &[u8] {
        self.0.id()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id().hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

impl Eq for ById {}

/// Lower is better: newer, then the better suffix, then by name so that it never depends on
/// the order in which files were found.
fn precedence(entry: &Entry) -> (Reverse<i64>, u8, &[u8]) {
    let rank = name::parse(entry.file()).map_or(u8::MAX, |parts| parts.rank);
    (Reverse(entry.stamp.modified_ns), rank, entry.file())
}
