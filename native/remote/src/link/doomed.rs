//! What is being deleted here just now, which is not uploaded meanwhile.

use std::collections::HashMap;

use parking_lot::Mutex;
use replay_store::{file_stem, stem_of};

/// Stems of files, and how many are at deleting them.
#[derive(Debug, Default)]
pub(super) struct Doomed(Mutex<HashMap<Box<[u8]>, usize>>);

impl Doomed {
    pub(super) fn add(&self, ids: &[Box<[u8]>]) {
        let mut doomed = self.0.lock();
        for id in ids {
            *doomed.entry(file_stem(id).into()).or_default() += 1;
        }
    }

    pub(super) fn remove(&self, ids: &[Box<[u8]>]) {
        let mut doomed = self.0.lock();
        for id in ids {
            let stem = file_stem(id);
            match doomed.get_mut(&*stem) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(doomed.remove(&*stem)),
            }
        }
    }

    /// Whether a file is.
    pub(super) fn has(&self, file: &[u8]) -> bool {
        let doomed = self.0.lock();
        !doomed.is_empty() && stem_of(file).is_some_and(|stem| doomed.contains_key(stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_who_deletes_counts() {
        let doomed = Doomed::default();
        let ids = [Box::from(&b"x"[..])];
        doomed.add(&ids);
        doomed.add(&ids);
        assert!(doomed.has(b"x.etf.gz") && doomed.has(b"x.json") && !doomed.has(b"y.etf"));
        doomed.remove(&ids);
        assert!(doomed.has(b"x.etf"));
        doomed.remove(&ids);
        assert!(!doomed.has(b"x.etf"));
    }
}
