//! What there is to do, and how many there are to do it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Weak;
use std::time::{Duration, Instant};

use super::Chore;

/// As many threads as had nothing to do at any time for so long are too many.
pub(super) const LINGER: Duration = Duration::from_secs(5);

/// What there is.
pub(super) struct State {
    pub ready: VecDeque<Weak<dyn Chore>>,
    /// By when they are due, and a number for those due at the same time.
    pub later: BTreeMap<(Instant, u64), Weak<dyn Chore>>,
    pub number: u64,
    pub threads: usize,
    /// Threads that wait.
    pub idle: usize,
    /// How many of them did so all the time since `counted_since`, at most.
    pub fewest_idle: usize,
    pub counted_since: Option<Instant>,
    /// So many are to end.
    pub surplus: usize,
}

impl State {
    pub const fn new() -> State {
        State {
            ready: VecDeque::new(),
            later: BTreeMap::new(),
            number: 0,
            threads: 0,
            idle: 0,
            fewest_idle: 0,
            counted_since: None,
            surplus: 0,
        }
    }

    pub fn put_off(&mut self, time: Instant, chore: Weak<dyn Chore>) {
        self.number += 1;
        self.later.insert((time, self.number), chore);
    }

    /// What is to be done next.
    pub fn take(&mut self) -> Option<Weak<dyn Chore>> {
        let chore = self.ready.pop_front()?;
        self.fewest_idle = self.fewest_idle.min(self.idle);
        Some(chore)
    }

    /// Whether a thread that finds nothing to do is to end. That it has had nothing to do for long
    /// does not tell: where a little is done all the time, each of many has its turn.
    pub fn is_one_too_many(&mut self, now: Instant) -> bool {
        let since = *self.counted_since.get_or_insert(now);
        if now.duration_since(since) >= LINGER {
            self.surplus = self.fewest_idle;
            self.fewest_idle = self.idle;
            self.counted_since = Some(now);
        }
        // Who is at something may be so for ever.
        let ends = self.surplus > 0 && self.idle > 0;
        if ends {
            self.surplus -= 1;
            self.threads -= 1;
        }
        ends
    }

    /// Makes ready what is due by now.
    pub fn call_up_due(&mut self) {
        if self.later.is_empty() {
            return;
        }
        let now = Instant::now();
        while let Some(entry) = self.later.first_entry()
            && entry.key().0 <= now
        {
            self.ready.push_back(entry.remove());
        }
    }
}
