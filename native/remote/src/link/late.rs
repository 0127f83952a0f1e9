//! What was erased by others while rows about it were put into the bucket by this node.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Whoever erases something looks through all rows once. What is put there later than that was made
/// before it was heard of, so not much later.
const LATELY: Duration = Duration::from_secs(5 * 60);

/// Stems of files, and since when there may be rows about them.
type Erased = (HashSet<Box<[u8]>>, i64);

/// What rows that were put there lately may be about, though it is erased.
pub(super) struct Late {
    /// When rows were put there last, or might have been by a run before.
    put_at: Mutex<Instant>,
    erased: Mutex<Option<Erased>>,
}

impl Default for Late {
    fn default() -> Late {
        Late {
            put_at: Mutex::new(Instant::now()),
            erased: Mutex::default(),
        }
    }
}

impl Late {
    /// Rows are put there.
    pub(super) fn puts(&self) {
        *self.put_at.lock() = Instant::now();
    }

    /// At this time these were erased by somebody else; the same clock shows `now` by now.
    pub(super) fn hear(&self, stems: impl Iterator<Item = Box<[u8]>>, at: i64, now: i64) {
        let lately = i64::try_from(LATELY.as_millis()).unwrap_or(i64::MAX);
        if self.put_at.lock().elapsed() > LATELY || at < now.saturating_sub(lately) {
            return;
        }
        let mut erased = self.erased.lock();
        let (known, since) = erased.get_or_insert_with(|| (HashSet::new(), at));
        known.extend(stems);
        *since = at.min(*since);
    }

    /// What is to be looked for in rows, and since when; it is forgotten here.
    pub(super) fn take(&self) -> Option<Erased> {
        self.erased.lock().take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_erased_long_ago_was_looked_for_by_whoever_erased_it() {
        let late = Late::default();
        let stems = |text: &str| std::iter::once(Box::from(text.as_bytes()));
        late.hear(stems("old"), 1_000, 1_000_000);
        assert_eq!(late.take(), None);
        late.hear(stems("b"), 999_000, 1_000_000);
        late.hear(stems("a"), 998_000, 1_000_000);
        let all = ["a", "b"].map(|it| Box::from(it.as_bytes()));
        assert_eq!(late.take(), Some((HashSet::from(all), 998_000)));
        assert_eq!(late.take(), None);
    }
}
