//! The files of the index that are damaged.

use std::time::Instant;

use super::{Damage, Index};
use crate::disk::Stamp;

impl Index {
    /// How many files are known to be damaged.
    pub(crate) fn damaged_len(&self) -> usize {
        self.damaged.len()
    }

    /// The files that are known to be damaged, in no order.
    pub(crate) fn damage(&self) -> impl Iterator<Item = Damage> {
        let damaged = self.damaged.iter();
        damaged.map(|(file, damaged)| Damage::of(file, &damaged.flaw))
    }

    pub(crate) fn take_damage(&mut self) -> Vec<Damage> {
        let untold = self.damaged.iter_mut().filter(|(_, damaged)| !damaged.told);
        let mut damage: Vec<Damage> = untold
            .map(|(file, damaged)| {
                damaged.told = true;
                Damage::of(file, &damaged.flaw)
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

    pub(super) fn expect(&mut self, due: Instant) {
        let earlier = |before: Instant| before.min(due);
        self.doubtful_from = Some(self.doubtful_from.map_or(due, earlier));
    }
}
