//! What others have deleted and could not be deleted here: when it is tried again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use replay_store::Entry;

use crate::key::Key;

/// Before it is tried again for the first time. Doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Some of it may have to look into all that is here.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// Tombstones that were not carried out as a whole.
#[derive(Default)]
pub(super) struct Undone(Mutex<HashMap<Key, Try>>);

struct Try {
    pause: Duration,
    again_at: Instant,
    holds_until: Option<i64>,
}

impl Undone {
    /// One was not carried out. `holds_until`, in milliseconds by the clock here: what was saved until
    /// then may be meant, and is not uploaded. Returns whether that is new.
    pub(super) fn add(&self, key: &Key, holds_until: Option<i64>) -> bool {
        let mut tries = self.0.lock();
        let known = tries.get(key);
        let pause = known.map_or(FIRST_PAUSE, |it| (it.pause * 2).min(MAX_PAUSE));
        let one = Try {
            pause,
            again_at: Instant::now() + pause,
            holds_until,
        };
        tries.insert(key.clone(), one).is_none()
    }

    /// It is carried out, or gone.
    pub(super) fn remove(&self, key: &Key) {
        self.0.lock().remove(key);
    }

    /// Whether one is not carried out as a whole.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.0.lock().contains_key(key)
    }

    /// Those that are to be tried again now.
    pub(super) fn due(&self) -> Vec<Key> {
        let now = Instant::now();
        let tries = self.0.lock();
        let due = tries.iter().filter(|(_, it)| it.again_at <= now);
        due.map(|(key, _)| key.clone()).collect()
    }

    /// For how long a file is not to be uploaded, as it may be one that is to be deleted.
    pub(super) fn holds(&self, entry: &Entry) -> Option<Duration> {
        let saved = entry.stamp.modified_ns / 1_000_000;
        let tries = self.0.lock();
        let holding = tries
            .values()
            .filter(|it| it.holds_until.is_some_and(|until| saved <= until));
        let pauses = holding.map(|it| it.again_at.saturating_duration_since(Instant::now()));
        pauses.max()
    }
}
