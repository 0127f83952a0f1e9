//! When the index can be trusted without reading the directory's names again.
//!
//! A directory's time of modification (`mtime`) changes whenever a name is added, removed or
//! replaced, so one `stat` tells whether another program changed something. Two things make it
//! less simple.
//!
//! *Coarse time.* Many kernels advance file times only every 1 to 10 ms. A change in the same
//! tick as the one before leaves the `mtime` as it was. So what was seen in a directory counts
//! only if the tick of its `mtime` was over before anyone looked; otherwise the names are read
//! again next time. Newer kernels give each change that follows a `stat` a time of its own; where
//! [`is_fine_grained`](super::probe::is_fine_grained) has seen that, the same `mtime` always means the same names.
//!
//! *The store's own changes* also move the `mtime`, and reading all names again after each would
//! be a waste. With fine-grained times it is enough to `stat` just before and just after: if
//! the time before is the one the index is known to be true for, so is it for the time after.
//! One gap is left, a change by another program between these two calls, some microseconds
//! apart. Therefore such trust ends after [`MAX_PROVISIONAL`], and the names are read once
//! more. With coarse times there is no way to tell, and every own change ends the trust.
//!
//! Where changes are *told* of ([`told`](super::told)), neither matters: whatever was told accounts
//! for the time as it is then. If the time is another one and nothing was told, it is not believed
//! that nothing happened. Of a file that is reached by another name too, a link, nothing may be
//! told when it is overwritten; so after changes this trust ends as well, though not as soon.

use std::time::{Duration, Instant};

/// Longer than a tick of any kernel's file times.
const TICK_NS: i64 = 20_000_000;

/// The same for file systems that only store whole seconds, or every other one.
const WHOLE_SECONDS_TICK_NS: i64 = 2_100_000_000;

/// How long a change by another program can stay unseen if it happened at the very moment of one
/// of ours.
const MAX_PROVISIONAL: Duration = Duration::from_secs(1);

/// The same in relation to what a scan takes, so that scans for this reason alone take at most a
/// fiftieth of the time.
const SCAN_EFFORT: u32 = 50;

/// Every scan looks at each of so many files: that takes some milliseconds.
const ALWAYS_THOROUGH: usize = 4096;

/// How often a scan of more files looks at each of them.
const THOROUGH_EVERY: Duration = Duration::from_secs(60);

/// For which state of the directory the index is true.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    /// Whether a change after a `stat` is sure to have another time.
    fine: bool,
    current: Option<Mark>,
    /// What `current` becomes once the scan that is under way is complete.
    scanning: Option<Mark>,
    /// When each file was looked at for the last time, not only its name.
    thorough_at: Option<Instant>,
    /// Whether the last scan did not.
    superficial: bool,
    /// How long the last scan took.
    scan_took: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    modified_ns: i64,
    /// Whether changes since then are told of.
    watched: bool,
    /// When the first own change was made, or one was told of, since the names were last read.
    provisional_since: Option<Instant>,
}

impl Freshness {
    pub(crate) fn set_fine_grained(&mut self, fine: bool) {
        self.fine = fine;
    }

    /// Whether the index holds for a directory with this `mtime`.
    pub(crate) fn holds(&self, modified_ns: i64, now: Instant) -> bool {
        let overdue = self.superficial && !self.was_thorough_lately(now);
        !overdue
            && self.current.is_some_and(|mark| {
                let least = [MAX_PROVISIONAL, THOROUGH_EVERY][usize::from(mark.watched)];
                let trust = least.max(self.scan_took * SCAN_EFFORT);
                let recent = |since| now.saturating_duration_since(since) < trust;
                mark.modified_ns == modified_ns && mark.provisional_since.is_none_or(recent)
            })
    }

    /// The names are about to be read. The directory's `mtime` was taken after `wall_ns`, the
    /// wall clock's time, and after the watch began if it is `watched`.
    pub(crate) fn scan_begins(&mut self, modified_ns: i64, wall_ns: i64, watched: bool) {
        let whole_seconds = modified_ns % 1_000_000_000 == 0;
        let tick_ns = if whole_seconds {
            WHOLE_SECONDS_TICK_NS
        } else {
            TICK_NS
        };
        // What is told meanwhile must not bring back what has just turned out not to hold.
        self.current = None;
        let tick_is_over = wall_ns.saturating_sub(modified_ns) > tick_ns;
        self.scanning = (self.fine || watched || tick_is_over).then_some(Mark {
            modified_ns,
            watched,
            provisional_since: None,
        });
    }

    /// Whether the scan that has begun must look at each of so many files, or can take those for
    /// unchanged whose name still leads to the same inode.
    ///
    /// A file that is overwritten in place, as only the pure-Elixir backend does it when it saves
    /// an id again, does not change the directory either. It is found by the next thorough scan;
    /// reading the recording always gives what is in the file.
    pub(crate) fn thorough_is_due(&mut self, files: usize, now: Instant) -> bool {
        let due = files <= ALWAYS_THOROUGH || !self.was_thorough_lately(now);
        if due {
            self.thorough_at = Some(now);
        }
        self.superficial = !due;
        due
    }

    fn was_thorough_lately(&self, now: Instant) -> bool {
        let recent = |at| now.saturating_duration_since(at) < THOROUGH_EVERY;
        self.thorough_at.is_some_and(recent)
    }

    /// What was read is in the index.
    pub(crate) fn scan_ends(&mut self, took: Duration) {
        self.current = self.scanning.take();
        self.scan_took = took;
    }

    /// The store itself changed the directory, whose `mtime` was `before` and is `after`.
    pub(crate) fn changed(&mut self, before: i64, after: i64, now: Instant) {
        let fine = self.fine;
        for slot in [&mut self.current, &mut self.scanning] {
            *slot = slot
                .filter(|mark| fine && mark.modified_ns == before)
                .map(|mark| mark.moved(after, now));
        }
    }

    /// Changes were told of that account for the directory's `mtime`, which is `modified_ns`.
    pub(crate) fn told(&mut self, modified_ns: i64, now: Instant) {
        for slot in [&mut self.current, &mut self.scanning] {
            *slot = slot.map(|mark| match mark.watched {
                true => mark.moved(modified_ns, now),
                false => mark,
            });
        }
    }

    /// Nothing is known any more.
    pub(crate) fn forget(&mut self) {
        self.current = None;
        self.scanning = None;
    }

    /// As [`Freshness::forget`], and nor is what was told of single files.
    pub(crate) fn forget_files(&mut self) {
        self.forget();
        self.thorough_at = None;
    }
}

impl Mark {
    fn moved(self, modified_ns: i64, now: Instant) -> Self {
        Mark {
            modified_ns,
            provisional_since: Some(self.provisional_since.unwrap_or(now)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG_AGO: i64 = 1_000_000_001;
    const NOW: i64 = 9_000_000_000;

    fn scanned(fine: bool, modified_ns: i64) -> Freshness {
        let mut freshness = Freshness::default();
        freshness.set_fine_grained(fine);
        freshness.scan_begins(modified_ns, NOW, false);
        freshness.scan_ends(Duration::ZERO);
        freshness
    }

    #[test]
    fn nothing_holds_before_the_first_scan_is_complete() {
        let mut freshness = Freshness::default();
        assert!(!freshness.holds(LONG_AGO, Instant::now()));
        freshness.scan_begins(LONG_AGO, NOW, false);
        assert!(!freshness.holds(LONG_AGO, Instant::now()));
        freshness.scan_ends(Duration::ZERO);
        assert!(freshness.holds(LONG_AGO, Instant::now()));
    }

    #[test]
    fn another_time_means_another_state() {
        let freshness = scanned(true, LONG_AGO);
        assert!(!freshness.holds(LONG_AGO + 1, Instant::now()));
        assert!(!freshness.holds(LONG_AGO - 1, Instant::now()));
    }

    #[test]
    fn a_tick_that_may_not_be_over_is_trusted_only_if_times_are_fine_grained() {
        let now = Instant::now();
        for young in [NOW - TICK_NS, NOW - 1, NOW + 5] {
            assert!(!scanned(false, young).holds(young, now));
            assert!(scanned(true, young).holds(young, now));
        }
        let whole_second = NOW - 1_000_000_000;
        assert!(!scanned(false, whole_second).holds(whole_second, now));
    }

    #[test]
    fn an_own_change_is_followed_if_nothing_came_between() {
        let now = Instant::now();
        let mut freshness = scanned(true, LONG_AGO);
        freshness.changed(LONG_AGO, NOW, now);
        assert!(freshness.holds(NOW, now));
        freshness.changed(NOW + 1, NOW + 2, now);
        assert!(
            !freshness.holds(NOW + 2, now),
            "someone else changed it to NOW + 1"
        );
        freshness.changed(NOW + 2, NOW + 3, now);
        assert!(!freshness.holds(NOW + 3, now), "lost until the next scan");
    }

    #[test]
    fn an_own_change_is_not_followed_with_coarse_times() {
        let now = Instant::now();
        let mut freshness = scanned(false, LONG_AGO);
        freshness.changed(LONG_AGO, NOW, now);
        assert!(!freshness.holds(NOW, now));
    }

    #[test]
    fn trust_over_own_changes_ends() {
        let start = Instant::now();
        let mut freshness = scanned(true, LONG_AGO);
        freshness.changed(LONG_AGO, NOW, start);
        let later = start + MAX_PROVISIONAL;
        freshness.changed(NOW, NOW + 1, later - Duration::from_millis(1));
        assert!(freshness.holds(NOW + 1, later - Duration::from_millis(1)));
        assert!(
            !freshness.holds(NOW + 1, later),
            "counted from the first change"
        );
    }

    #[test]
    fn an_own_change_during_a_scan_is_followed_too() {
        let now = Instant::now();
        let mut freshness = scanned(true, LONG_AGO);
        freshness.scan_begins(NOW, NOW, false);
        freshness.changed(NOW, NOW + 1, now);
        freshness.scan_ends(Duration::ZERO);
        assert!(freshness.holds(NOW + 1, now));
        assert!(!freshness.holds(NOW + 1, now + MAX_PROVISIONAL));
    }

    #[test]
    fn trust_over_own_changes_lasts_longer_where_a_scan_does() {
        let start = Instant::now();
        let mut freshness = scanned(true, LONG_AGO);
        freshness.scan_begins(LONG_AGO, NOW, false);
        freshness.scan_ends(MAX_PROVISIONAL);
        freshness.changed(LONG_AGO, NOW, start);
        let end = start + MAX_PROVISIONAL * SCAN_EFFORT;
        assert!(freshness.holds(NOW, end - Duration::from_millis(1)));
        assert!(!freshness.holds(NOW, end));
    }

    #[test]
    fn among_many_files_each_is_looked_at_now_and_then() {
        let (start, many) = (Instant::now(), ALWAYS_THOROUGH + 1);
        let mut freshness = Freshness::default();
        assert!(freshness.thorough_is_due(many, start), "the first time");
        assert!(!freshness.thorough_is_due(many, start));
        freshness.forget_files();
        let mut due = |files, at| freshness.thorough_is_due(files, at);
        assert!(due(many, start), "nothing is known of single files");
        assert!(!due(many, start));
        assert!(due(ALWAYS_THOROUGH, start), "few files");
        assert!(due(many, start + THOROUGH_EVERY));
    }

    #[test]
    fn a_quiet_directory_is_looked_at_thoroughly_once_after_scans_that_were_not() {
        let (start, many) = (Instant::now(), ALWAYS_THOROUGH + 1);
        let mut freshness = scanned(true, LONG_AGO);
        let later = start + THOROUGH_EVERY;
        for (at, held_later) in [(start, true), (start, false), (later, true)] {
            freshness.thorough_is_due(many, at);
            assert_eq!(freshness.holds(LONG_AGO, later), held_later);
        }
    }

    fn watched(modified_ns: i64) -> Freshness {
        let mut freshness = Freshness::default();
        freshness.scan_begins(modified_ns, NOW, true);
        freshness.scan_ends(Duration::ZERO);
        freshness
    }

    #[test]
    fn what_is_told_accounts_for_the_time_and_nothing_else_does() {
        let now = Instant::now();
        let mut freshness = watched(NOW);
        assert!(freshness.holds(NOW, now), "though its tick is not over");
        freshness.told(NOW + 1, now);
        assert!(freshness.holds(NOW + 1, now));
        assert!(!freshness.holds(NOW + 2, now), "nobody told why");
        let mut unwatched = scanned(false, LONG_AGO);
        unwatched.told(NOW, now);
        assert!(!unwatched.holds(NOW, now));
    }

    #[test]
    fn trust_in_what_is_told_ends_some_time_after_changes() {
        let start = Instant::now();
        let mut freshness = watched(LONG_AGO);
        assert!(freshness.holds(LONG_AGO, start + THOROUGH_EVERY));
        freshness.told(NOW, start);
        let end = start + THOROUGH_EVERY;
        freshness.told(NOW + 1, end - Duration::from_millis(1));
        assert!(freshness.holds(NOW + 1, end - Duration::from_millis(1)));
        assert!(!freshness.holds(NOW + 1, end));
    }

    #[test]
    fn what_is_told_during_a_scan_does_not_bring_back_what_did_not_hold() {
        let now = Instant::now();
        let mut freshness = watched(LONG_AGO);
        freshness.scan_begins(NOW, NOW, true);
        freshness.told(NOW + 1, now);
        assert!(!freshness.holds(NOW + 1, now));
        freshness.scan_ends(Duration::ZERO);
        assert!(freshness.holds(NOW + 1, now));
    }
}
