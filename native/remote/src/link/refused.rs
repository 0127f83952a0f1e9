//! Recordings that the bucket does not take, though it takes others: they are in nobody's way, and
//! tried again now and then.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use replay_store::{Entry, RemoteFault, Stamp};

use super::away::Access;
use super::shared::Shared;

/// Before one is tried again for the first time. Doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(10);

const MAX_PAUSE: Duration = Duration::from_secs(3_600);

struct Refusal {
    id: Box<[u8]>,
    /// Of what was refused: something else under its name is another matter.
    stamp: Stamp,
    pause: Duration,
    again_at: Instant,
}

/// Those that were refused, by their files' names.
#[derive(Default)]
pub(super) struct Refused(HashMap<Box<[u8]>, Refusal>);

impl Refused {
    /// It was refused, and is to be left alone for a while.
    pub(super) fn add(&mut self, shared: &Shared, entry: &Entry, fault: RemoteFault) {
        let known = self.0.get(entry.file());
        let known = known.filter(|it| it.stamp == entry.stamp);
        let pause = known.map_or(FIRST_PAUSE, |it| (it.pause * 2).min(MAX_PAUSE));
        let refusal = Refusal {
            id: entry.id().into(),
            stamp: entry.stamp,
            pause,
            again_at: Instant::now() + pause,
        };
        self.0.insert(entry.file().into(), refusal);
        shared.is_away(Access::Recordings, fault);
    }

    /// For how long it is to be left alone, if at all.
    pub(super) fn pause(&self, entry: &Entry) -> Option<Duration> {
        let known = self.0.get(entry.file());
        let known = known.filter(|it| it.stamp == entry.stamp)?;
        let left = known.again_at.checked_duration_since(Instant::now());
        left.filter(|left| !left.is_zero())
    }

    /// It was taken.
    pub(super) fn remove(&mut self, entry: &Entry) {
        self.0.remove(entry.file());
    }

    /// Forgets those that nobody wants to put there any more, and tells if that was all.
    pub(super) fn forget_others(&mut self, shared: &Shared) {
        self.0.retain(|_, it| shared.tier.is_pending(&it.id));
        if self.0.is_empty() {
            shared.is_there(Access::Recordings);
        }
    }
}
