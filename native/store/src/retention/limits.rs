//! How much is kept.

use std::time::Duration;

/// How much is kept: no more than all of this. The rest is deleted in the background, the oldest
/// `connected_at` first.
///
/// It is about recordings in their files; those that are still running, or wait to be saved, are
/// not touched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// So many recordings, the newest.
    pub max_recordings: Option<usize>,
    /// Recordings whose `connected_at` is no more milliseconds ago.
    pub max_age_ms: Option<u64>,
    /// As many of the newest as have no larger files together, in bytes.
    pub max_bytes: Option<u64>,
}

/// What a recording had to go for. The first that applies is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`Retention::max_recordings`].
    MaxRecordings,
    /// [`Retention::max_age_ms`].
    MaxAge,
    /// [`Retention::max_bytes`].
    MaxBytes,
}

/// Recordings that were deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many.
    pub count: u64,
    /// The size of their files.
    pub bytes: u64,
}

impl Retention {
    /// Whether there is any limit.
    pub fn is_limited(&self) -> bool {
        *self != Retention::default()
    }

    /// Limits that are a tenth higher.
    pub(crate) fn relaxed(&self) -> Retention {
        let more = |max: u64| max.saturating_add(max / 10);
        Retention {
            max_recordings: self.max_recordings.map(|max| max.saturating_add(max / 10)),
            max_age_ms: self.max_age_ms.map(more),
            max_bytes: self.max_bytes.map(more),
        }
    }

    /// Why the oldest of so many recordings has to go, if it has to.
    pub(crate) fn exceeded(
        &self,
        count: usize,
        bytes: u64,
        oldest_at: i64,
        now_ms: i64,
    ) -> Option<Limit> {
        let too_old = |max_age_ms| age_ms(oldest_at, now_ms) > max_age_ms;
        if self.max_recordings.is_some_and(|max| count > max) {
            Some(Limit::MaxRecordings)
        } else if self.max_age_ms.is_some_and(too_old) {
            Some(Limit::MaxAge)
        } else if self.max_bytes.is_some_and(|max| bytes > max) {
            Some(Limit::MaxBytes)
        } else {
            None
        }
    }

    /// How long until a recording is too old; `None` if it never will be.
    pub(crate) fn time_left(&self, connected_at: i64, now_ms: i64) -> Option<Duration> {
        let left_ms = i128::from(self.max_age_ms?) + i128::from(connected_at) + 1;
        let left_ms = (left_ms - i128::from(now_ms)).max(0);
        Some(Duration::from_millis(
            u64::try_from(left_ms).unwrap_or(u64::MAX),
        ))
    }
}

fn age_ms(connected_at: i64, now_ms: i64) -> u64 {
    u64::try_from(i128::from(now_ms) - i128::from(connected_at)).unwrap_or(0)
}
