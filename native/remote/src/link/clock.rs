//! The bucket's clock.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::key::Time;

/// Clocks that agree so far count as one: servers tell the time of an object by the second, and a
/// request takes a while.
const AGREED_MS: i64 = 1_500;

/// The earliest time that a key can have.
const FIRST_MS: u64 = 1_000_000_000_000;

/// What the bucket's clock shows, as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// By how much it is ahead of this machine's.
    ahead_ms: AtomicI64,
    is_known: AtomicBool,
    /// The last time that was given out.
    last_ms: AtomicU64,
    /// By how much this machine's is said to be off.
    #[cfg(test)]
    skew_ms: AtomicI64,
}

impl Clock {
    /// An object was written between two times of this machine, and at this one by the bucket's.
    pub(super) fn observe(&self, modified_ms: u64, sent_ms: i64, answered_ms: i64) {
        // Of a time by the second, the middle of it.
        let part = if modified_ms.is_multiple_of(1_000) {
            500
        } else {
            0
        };
        let theirs = i64::try_from(modified_ms)
            .unwrap_or(i64::MAX)
            .saturating_add(part);
        let ours = sent_ms.midpoint(answered_ms);
        let ahead = theirs.saturating_sub(ours);
        let is_agreed = ahead.abs() <= AGREED_MS;
        self.ahead_ms
            .store(if is_agreed { 0 } else { ahead }, Relaxed);
        self.is_known.store(true, Relaxed);
    }

    /// Whether it was asked for.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Relaxed)
    }

    /// By how much it is ahead of this machine's, in milliseconds.
    pub(super) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Relaxed)
    }

    /// This machine's clock, in milliseconds.
    pub(super) fn local_ms(&self) -> i64 {
        #[cfg(test)]
        return local_ms() + self.skew_ms.load(Relaxed);
        #[cfg(not(test))]
        local_ms()
    }

    #[cfg(test)]
    pub(super) fn skew(&self, ms: i64) {
        self.skew_ms.store(ms, Relaxed);
    }

    /// Now, in milliseconds.
    pub(super) fn now_ms(&self) -> i64 {
        self.local_ms().saturating_add(self.ahead_ms())
    }

    /// Now, in a key; each time later than before.
    pub(super) fn next(&self) -> Time {
        self.next_after(0)
    }

    /// As [`Clock::next`], and later than a time.
    pub(super) fn next_after(&self, ms: i64) -> Time {
        let now = u64::try_from(self.now_ms()).unwrap_or(0).max(FIRST_MS);
        let least = u64::try_from(ms.saturating_add(1)).unwrap_or(0).max(now);
        let given = |last: u64| least.max(last + 1);
        // It always gives one.
        let last = self
            .last_ms
            .fetch_update(Relaxed, Relaxed, |last| Some(given(last)));
        let (Ok(last) | Err(last)) = last;
        Time::from_ms(given(last)).unwrap_or(Time::LAST)
    }
}

/// This machine's clock, in milliseconds since the Unix epoch.
pub(super) fn local_ms() -> i64 {
    local_ns() / 1_000_000
}

/// As [`local_ms`], in nanoseconds, as the times of files are.
pub(super) fn local_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_grow_whatever_the_clock_does() {
        let clock = Clock::default();
        let first = clock.next();
        let mut before = first;
        for _ in 0..1_000 {
            let next = clock.next();
            assert!(next > before);
            before = next;
        }
        let later = clock.next_after(first.ms() as i64 + 1_000_000);
        assert_eq!(later.ms(), first.ms() + 1_000_001);
        assert!(clock.next() > later);
    }

    #[test]
    fn a_clock_that_is_minutes_off_is_followed() {
        let clock = Clock::default();
        let now = local_ms();
        for off in [-300_000, 300_000] {
            clock.observe((now + off) as u64, now - 10, now + 10);
            let found = clock.now_ms() - local_ms();
            assert!((found - off).abs() <= 600, "{found}");
        }
        clock.observe((now / 1_000 * 1_000) as u64, now, now + 20);
        assert_eq!(clock.ahead_ms(), 0, "by the second, it agrees");
    }
}
