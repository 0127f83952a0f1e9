//! The bucket is asked what is new, and all else that is done now and then.

use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::away::Access;
use super::carry::try_again;
use super::confirm::{Forgetting, confirm};
use super::copies::give_up_copies;
use super::deleted::bury;
use super::lost::sift;
use super::news::News;
use super::presence::Presences;
use super::retain::Retaining;
use super::running::Running;
use super::shared::{Shared, first};
use super::walk::Walk;
use crate::bucket::Cursor;
use crate::fault::Fault;
use crate::key::{Key, Time};

/// Days that are listed at once.
const DAYS_AT_ONCE: usize = 8;

/// An erasure that could not be repeated is tried again after so long: each time it is noted.
const SIFT_AGAIN: Duration = Duration::from_secs(60);

/// How often it is tried to get the right to move recordings, and whether copies are too many.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Polls until it is stopped.
pub(super) fn run(shared: &Shared) {
    let mut poller = Poller {
        shared,
        news: News::default(),
        told: HashMap::new(),
        presences: Presences::default(),
        retaining: Retaining::default(),
        forgetting: Forgetting::default(),
        walk: Walk::default(),
        begun: false,
        last: None,
        polled_at: None,
        recovered: shared.tier.recovered(),
        sift_at: None,
        tended_at: None,
        running: Running::default(),
    };
    while !shared.is_stopping() {
        let pause = poller.turn();
        shared.to_poll.wait(pause);
    }
    poller.retaining.end(shared);
    poller.presences.end(shared);
    shared.ended.grow();
}

struct Poller<'s> {
    shared: &'s Shared,
    news: News,
    /// Notes that have been made known.
    told: HashMap<Box<[u8]>, Key>,
    presences: Presences,
    retaining: Retaining,
    forgetting: Forgetting,
    walk: Walk,
    /// Whether the bucket was listed as a whole.
    begun: bool,
    /// Where the last listing ended, by the bucket's clock.
    last: Option<Time>,
    polled_at: Option<Instant>,
    /// So many were recovered when erasures were repeated last.
    recovered: u64,
    /// When that is tried again.
    sift_at: Option<Instant>,
    tended_at: Option<Instant>,
    running: Running,
}

impl Poller<'_> {
    /// Does what is due, and returns for how long nothing is.
    fn turn(&mut self) -> Duration {
        let shared = self.shared;
        self.tend();
        let away = shared.away.pause(&[Access::Read]);
        if !away.is_zero() {
            return away;
        }
        let done = self.work();
        if done.is_err() {
            // What was refused for a reason of its own is not tried at once either.
            let pause = shared.away.pause(&[Access::Read]);
            return pause.max(shared.settings.poll.min(Duration::from_secs(1)));
        }
        let running = self.running.due_in(shared);
        running.map_or(self.until_poll(), |due| due.min(self.until_poll()))
    }

    fn until_poll(&self) -> Duration {
        let since = self.polled_at.map(|at| at.elapsed());
        since.map_or(Duration::ZERO, |since| {
            self.shared.settings.poll.saturating_sub(since)
        })
    }

    /// What needs no bucket.
    fn tend(&mut self) {
        let shared = self.shared;
        if self.tended_at.is_some_and(|at| at.elapsed() < TEND_EVERY) {
            return;
        }
        self.tended_at = Some(Instant::now());
        let mut right = shared.right.lock();
        if right.is_none() {
            // Whoever had it before may have left something undone.
            shared.is_heir.store(false, Relaxed);
            *right = shared.tier.try_lock().ok().flatten();
        }
        let has_right = right.is_some();
        drop(right);
        if has_right {
            give_up_copies(shared);
        }
    }

    fn work(&mut self) -> Result<(), Fault> {
        let shared = self.shared;
        // First, for it tells the bucket's time.
        self.presences.tell(shared)?;
        if !self.begun {
            self.begin()?;
            self.begun = true;
        }
        if self.until_poll().is_zero() {
            self.poll()?;
            self.polled_at = Some(Instant::now());
            shared.is_complete.store(true, Relaxed);
            shared.polled.grow();
        }
        let tried = try_again(shared);
        let is_sifted = self.sift();
        let told = match is_sifted {
            true => tried.and_then(|()| confirm(shared)),
            false => tried,
        };
        bury(shared, &mut self.told)?;
        told?;
        self.walk.step(shared, &mut self.news)?;
        self.retaining.step(shared)?;
        if is_sifted {
            self.forgetting.step(shared)?;
        }
        self.running.step(shared)
    }

    /// Engines that are gone may have left what was erased when nobody could look at it. Returns
    /// whether all that is here was looked at.
    fn sift(&mut self) -> bool {
        let recovered = self.shared.tier.recovered();
        if recovered == self.recovered {
            return true;
        }
        if self.sift_at.is_some_and(|at| at > Instant::now()) {
            return false;
        }
        // What this disk does not delete keeps nothing else waiting.
        match sift(self.shared) {
            Ok(()) => (self.recovered, self.sift_at) = (recovered, None),
            Err(_) => self.sift_at = Some(Instant::now() + SIFT_AGAIN),
        }
        self.sift_at.is_none()
    }

    /// Learns all there is.
    fn begin(&mut self) -> Result<(), Fault> {
        let shared = self.shared;
        let started = shared.clock.now_ms();
        let days = shared.heard_of(Access::Read, shared.bucket.days())?;
        let (mut listed, mut result) = (Vec::new(), Ok(()));
        let cursors = days.into_iter().map(Cursor::day).collect::<Vec<_>>();
        shared.bucket.list_many(cursors, DAYS_AT_ONCE, |_, page| {
            match shared.heard_of(Access::Read, page) {
                Ok(page) => listed.extend(page.objects),
                Err(fault) => result = Err(fault),
            }
        });
        result?;
        // What is here and there already, and what is deleted, is not uploaded.
        self.news.recognize(shared, &listed)?;
        shared.is_listed.store(true, Relaxed);
        shared.to_upload.give();
        self.news.learn(shared, listed)?;
        self.last = Time::from_ms(u64::try_from(started).unwrap_or(0));
        Ok(())
    }

    fn poll(&mut self) -> Result<(), Fault> {
        let shared = self.shared;
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let from =
            self.last.map_or(0, Time::ms).min(now).saturating_sub(
                u64::try_from(shared.settings.overlap.as_millis()).unwrap_or(u64::MAX),
            );
        let from = Time::from_ms(from);
        let mut cursor = from.map_or_else(first, Cursor::from_time);
        let mut listed = Vec::new();
        loop {
            let page = shared.listed(&cursor)?;
            listed.extend(page.objects);
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        self.news.hear_of_late(shared, &mut listed)?;
        let latest = listed.iter().filter_map(|it| it.key.as_ref()?.time()).max();
        self.news.learn(shared, listed)?;
        self.last = self.last.max(latest);
        if let Some(from) = from {
            self.news.forget_before(from);
            shared.forget_tombstones_before(from);
        }
        Ok(())
    }
}
