//! When a damaged file is looked at again, though the directory does not tell of any change.
//!
//! It may be whole the next time: it was in the middle of being written (the pure-Elixir backend
//! writes in place, and the last byte does not change the directory), or what kept it from being
//! read has passed, such as a lack of file descriptors or a permission. Neither moves the
//! directory's time of modification, so it is looked at for ever, with pauses that grow with
//! the time for which it was in vain.

use std::time::{Duration, Instant};

/// For so long a file that is damaged may be in the middle of being written.
pub(crate) const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// How long a file has been as damaged as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doubt {
    since: Instant,
    looked_at: Instant,
}

impl Doubt {
    /// Of a file that was just found to be so.
    pub(crate) fn new(now: Instant) -> Self {
        Doubt {
            since: now,
            looked_at: now,
        }
    }

    /// The file was looked at, and is as it was.
    pub(crate) fn confirm(&mut self, now: Instant) {
        self.looked_at = now;
    }

    /// From when on it is to be looked at again.
    pub(crate) fn due(&self) -> Instant {
        let age = self.looked_at.saturating_duration_since(self.since);
        match age < SETTLED_AFTER {
            true => self.looked_at,
            false => self.looked_at + (age / 2).min(MAX_PAUSE),
        }
    }

    /// As if all that were so long ago.
    #[cfg(test)]
    pub(crate) fn age(&mut self, by: Duration) {
        self.since -= by;
        self.looked_at -= by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments at which a file is looked at that is asked for every two seconds, in seconds.
    fn looks(until: u64) -> Vec<u64> {
        let start = Instant::now();
        let mut doubt = Doubt::new(start);
        let mut looks = Vec::new();
        for second in (0..until).step_by(2) {
            let now = start + Duration::from_secs(second);
            if doubt.due() <= now {
                doubt.confirm(now);
                looks.push(second);
            }
        }
        looks
    }

    #[test]
    fn pauses_grow_up_to_a_limit_and_looking_never_ends() {
        assert_eq!(looks(50), [0, 2, 4, 6, 8, 10, 16, 24, 36]);
        let looks = looks(24 * 3600);
        let pauses: Vec<u64> = looks.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.is_sorted());
        assert_eq!(pauses.last(), Some(&MAX_PAUSE.as_secs()));
    }
}
