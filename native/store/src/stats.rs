use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::disk::Durability;
use crate::notice::Notice;
use crate::retention::limits::{Limit, Removed};
use crate::slab::Usage;

/// The longest save that is told from longer ones, in microseconds: an hour.
const MAX_SAVE_US: u64 = 3_600_000_000;

/// What is in a store now, and what has happened since it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Recordings in their files.
    pub recordings: usize,
    /// Size of these files.
    pub bytes: u64,
    /// The `connected_at` of the oldest of them.
    pub oldest_at: Option<i64>,
    /// The `connected_at` of the newest of them.
    pub newest_at: Option<i64>,
    /// What recordings outlive that are saved here.
    pub durability: Durability,
    /// Damaged files.
    pub damaged: usize,
    /// Recordings that are still running.
    pub running: usize,
    /// Recordings that have ended and are not in their files yet.
    pub waiting: usize,
    /// What earlier runs left behind of recordings and can't be read, not even whose it is. It is
    /// kept for the next start, unless [`Store::clear`] erases it.
    pub unreadable: usize,
    /// Saves that are to be done or under way.
    pub queue_length: usize,
    /// Disk and memory that the recordings take which are not in their files yet.
    pub slab: Usage,
    /// What has happened.
    pub counts: Counts,
    /// How long saves took.
    pub latency: Latency,
}

/// What has happened since the store was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Saves that succeeded.
    pub saved: u64,
    /// Attempts to save that failed.
    pub failed: u64,
    /// Those of them after which another attempt was planned.
    pub retried: u64,
    /// Recordings that were not worth keeping.
    pub dropped: u64,
    /// Recordings that earlier runs left behind.
    pub recovered: u64,
    /// Recordings in flight that were put into other files, because theirs were removed or taken
    /// over.
    pub moved: u64,
    /// Recordings in flight that another engine has taken over.
    pub gone: u64,
    /// Recordings that were deleted because there were more than are to be kept.
    pub evicted: Evictions,
    /// Recordings that were erased by request.
    pub erased: u64,
    /// Damaged files that were moved out of the way.
    pub quarantined: u64,
}

/// What was deleted, by the limit it was beyond.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evictions {
    /// [`Retention::max_recordings`](crate::retention::Retention::max_recordings)
    pub max_recordings: Removed,
    /// [`Retention::max_age_ms`](crate::retention::Retention::max_age_ms)
    pub max_age_ms: Removed,
    /// [`Retention::max_bytes`](crate::retention::Retention::max_bytes)
    pub max_bytes: Removed,
}

/// How long saves took, in values of which so many percent are no longer; each may be 1 % off.
/// Zero without any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of them took at most this.
    pub p50: Duration,
    /// 90 percent did.
    pub p90: Duration,
    /// 99 percent did.
    pub p99: Duration,
    /// All did.
    pub max: Duration,
}

/// Counts what the observer is told.
#[derive(Default)]
pub(crate) struct Counters(Mutex<State>);

struct State {
    counts: Counts,
    /// Of saves, in microseconds. `None` would mean that its bounds make no sense.
    took_us: Option<Histogram<u32>>,
}

impl Default for State {
    fn default() -> Self {
        State {
            counts: Counts::default(),
            took_us: Histogram::new_with_bounds(1, MAX_SAVE_US, 2).ok(),
        }
    }
}

impl Counters {
    pub(crate) fn count(&self, notice: &Notice) {
        let mut state = self.0.lock();
        let State { counts, took_us } = &mut *state;
        match notice {
            Notice::Saved { took, .. } => {
                counts.saved += 1;
                if let Some(took_us) = took_us {
                    took_us.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
                }
            }
            Notice::Failed { retry_in, .. } | Notice::Panicked { retry_in, .. } => {
                counts.failed += 1;
                counts.retried += u64::from(retry_in.is_some());
            }
            Notice::Dropped { .. } => counts.dropped += 1,
            Notice::Recovered { count } => counts.recovered += *count as u64,
            Notice::Evicted { removed, limit } => {
                let sum = match limit {
                    Limit::MaxRecordings => &mut counts.evicted.max_recordings,
                    Limit::MaxAge => &mut counts.evicted.max_age_ms,
                    Limit::MaxBytes => &mut counts.evicted.max_bytes,
                };
                sum.count += removed.count;
                sum.bytes += removed.bytes;
            }
            Notice::Moved { count, gone } => {
                counts.moved += *count as u64;
                counts.gone += *gone as u64;
            }
            Notice::Erased { count } => counts.erased += *count as u64,
            Notice::Quarantined { .. } => counts.quarantined += 1,
            Notice::NotErased { .. }
            | Notice::SetAside { .. }
            | Notice::Unsynced { .. }
            | Notice::Remote { .. } => {}
        }
    }

    /// A save failed whose caller has been told.
    pub(crate) fn count_refused(&self) {
        self.0.lock().counts.failed += 1;
    }

    pub(crate) fn read(&self) -> (Counts, Latency) {
        let state = self.0.lock();
        let latency = state.took_us.as_ref().map(|took_us| {
            let at_most = |share| Duration::from_micros(took_us.value_at_quantile(share));
            Latency {
                p50: at_most(0.5),
                p90: at_most(0.9),
                p99: at_most(0.99),
                max: Duration::from_micros(took_us.max()),
            }
        });
        (state.counts, latency.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(took: Duration) -> Notice {
        Notice::Saved {
            id: (*b"a").into(),
            event_count: 1,
            bytes: 1,
            file_bytes: 1,
            took,
            recovered: false,
        }
    }

    #[test]
    fn latencies_are_told_within_a_hundredth() {
        let counters = Counters::default();
        assert_eq!(counters.read(), (Counts::default(), Latency::default()));
        for us in 1..=1000 {
            counters.count(&saved(Duration::from_micros(us * 10)));
        }
        let (counts, latency) = counters.read();
        assert_eq!(counts.saved, 1000);
        let near = |told: Duration, us: f64| (told.as_micros() as f64 / us - 1.0).abs() <= 0.01;
        assert!(
            near(latency.p50, 5_000.0) && near(latency.p90, 9_000.0),
            "{latency:?}"
        );
        assert!(
            near(latency.p99, 9_900.0) && near(latency.max, 10_000.0),
            "{latency:?}"
        );
    }

    #[test]
    fn a_save_of_days_is_counted() {
        let counters = Counters::default();
        counters.count(&saved(Duration::from_secs(1 << 40)));
        assert!(counters.read().1.max >= Duration::from_secs(3500));
    }
}
