//! What is known to be deleted, so that it is not listed again by what was written before.

use std::collections::HashMap;

use parking_lot::Mutex;
use replay_store::{Object, file_stem, stem_of};

/// More are not remembered: of those deleted first, an object that is found then is listed until
/// it is deleted, too.
const MAX_GRAVES: usize = 1 << 20;

/// Stems of files, and until when what was put is deleted.
#[derive(Debug, Default)]
pub(super) struct Graves(Mutex<HashMap<Box<[u8]>, i64>>);

impl Graves {
    /// What was put of these ids up to a time is deleted.
    pub(super) fn bury<'i>(&self, ids: impl Iterator<Item = &'i [u8]>, until: i64) {
        let mut graves = self.0.lock();
        for id in ids {
            let grave = graves.entry(file_stem(id).into()).or_insert(until);
            *grave = until.max(*grave);
        }
        if graves.len() > MAX_GRAVES {
            let mut times: Vec<_> = graves.values().copied().collect();
            let middle = times.len() / 2;
            let (_, median, _) = times.select_nth_unstable(middle);
            let median = *median;
            graves.retain(|_, until| *until > median);
        }
    }

    /// Until when what was of this stem is deleted.
    pub(super) fn until(&self, stem: &[u8]) -> Option<i64> {
        self.0.lock().get(stem).copied()
    }

    /// Whether an object is deleted.
    pub(super) fn has(&self, object: &Object) -> bool {
        let graves = self.0.lock();
        if graves.is_empty() {
            return false;
        }
        let until = stem_of(&object.file).and_then(|stem| graves.get(stem));
        until.is_some_and(|until| object.put.at <= *until)
    }
}

#[cfg(test)]
mod tests {
    use replay_store::Put;

    use super::*;

    #[test]
    fn a_grave_is_for_what_was_put_before() {
        let graves = Graves::default();
        let object = |file: &str, at| Object {
            put: Put { at, saved_ns: 0 },
            file: file.as_bytes().into(),
        };
        assert!(!graves.has(&object("x.etf.gz", 1)));
        graves.bury([&b"x"[..], b"a/b"].into_iter(), 5);
        graves.bury([&b"x"[..]].into_iter(), 3);
        assert!(graves.has(&object("x.etf.gz", 5)) && graves.has(&object("x.json", 1)));
        assert!(!graves.has(&object("x.etf.gz", 6)) && !graves.has(&object("y.etf.gz", 5)));
        assert!(graves.has(&object("~a=2fb.etf", 5)), "by its file's name");
        assert!(!graves.has(&object("none", 5)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let graves = Graves::default();
        for number in 0..=MAX_GRAVES {
            let id = number.to_string();
            graves.bury([id.as_bytes()].into_iter(), number as i64);
        }
        let len = graves.0.lock().len();
        assert!(len <= MAX_GRAVES / 2 + 1, "{len}");
        let last = Object {
            put: Put {
                at: MAX_GRAVES as i64,
                saved_ns: 0,
            },
            file: format!("{MAX_GRAVES}.etf").into_bytes().into(),
        };
        assert!(graves.has(&last));
    }
}
