//! How much is kept, and who notices that there is more.
//!
//! Whoever puts a recording into the index looks at a few counters, and wakes the
//! [`evictor`](crate::retention::evictor) if they say so. That one decides and deletes.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::crew::{self, Chore, Next};
use crate::directory::Files;
use crate::disk::clock::now_ms;
use crate::index::Entry;
use crate::index::Index;

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

    /// The recordings beyond the limits, oldest first.
    pub(crate) fn excess<'i>(
        &self,
        index: &'i Index,
        now_ms: i64,
    ) -> impl Iterator<Item = (&'i Arc<Entry>, Limit)> {
        let (mut count, mut bytes) = (index.len(), index.bytes());
        index.newest_first().rev().map_while(move |entry| {
            let limit = self.exceeded(count, bytes, entry.connected_at, now_ms)?;
            count = count.saturating_sub(1);
            let files = index.claims(entry.id());
            bytes = bytes.saturating_sub(files.map(|file| file.stamp.len).sum());
            Some((entry, limit))
        })
    }

    /// Why the oldest of so many recordings has to go, if it has to.
    fn exceeded(&self, count: usize, bytes: u64, oldest_at: i64, now_ms: i64) -> Option<Limit> {
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

impl Files {
    /// Wakes the evictor if there is something for it to do. The index has just grown.
    pub(crate) fn check_limits(&self, index: &Index) {
        let retention = &self.options.retention;
        if !retention.is_limited() {
            return;
        }
        let Some(oldest) = index.newest_first().next_back() else {
            return;
        };
        let (count, bytes, oldest_at) = (index.len(), index.bytes(), oldest.connected_at);
        let exceeded = retention.exceeded(count, bytes, oldest_at, now_ms());
        self.alarm.ring(exceeded.is_some(), oldest_at);
    }
}

/// What has the evictor run.
#[derive(Default)]
pub(crate) struct Alarm(Mutex<State>);

#[derive(Default)]
struct State {
    evictor: Option<Weak<dyn Chore>>,
    rung: bool,
    closed: bool,
    /// Until then it sleeps, or rests. None while it runs.
    until: Option<Instant>,
    /// Whether it rests, whatever rings.
    resting: bool,
    /// The evictor sleeps until one of this `connected_at` is too old.
    watched_at: i64,
}

/// Why a sleep is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awake {
    /// There may be something to do.
    Rung,
    /// The time is over.
    TimeOut,
}

impl Alarm {
    /// Names who is to be run, and has it run for the first time.
    pub(crate) fn set(&self, evictor: Weak<dyn Chore>) {
        let mut state = self.0.lock();
        state.evictor = Some(Weak::clone(&evictor));
        state.until = Some(Instant::now());
        drop(state);
        crew::soon(evictor);
    }

    /// Wakes the evictor if something is `due`, or if it sleeps for something younger than
    /// `oldest_at`.
    fn ring(&self, due: bool, oldest_at: i64) {
        let mut state = self.0.lock();
        if !state.rung && (due || oldest_at < state.watched_at) {
            state.rung = true;
            if let (Some(_), false, Some(evictor)) = (state.until, state.resting, &state.evictor) {
                crew::soon(Weak::clone(evictor));
            }
        }
    }

    /// Forgets what rang so far: it is about to be dealt with.
    pub(crate) fn reset(&self, watched_at: i64) {
        let mut state = self.0.lock();
        state.rung = false;
        state.watched_at = watched_at;
    }

    /// Ends the sleep, if it is over, and tells why. Until the next one nobody else can.
    pub(crate) fn wake(&self) -> Option<Awake> {
        let mut state = self.0.lock();
        let is_over = Instant::now() >= state.until?;
        let is_rung = state.rung && !state.resting;
        if state.closed || !(is_over || is_rung) {
            return None;
        }
        state.until = None;
        Some(if is_rung { Awake::Rung } else { Awake::TimeOut })
    }

    /// Sleeps until something rings, or `timeout` is over.
    pub(crate) fn sleep(&self, timeout: Duration) -> Next {
        self.lie_down(timeout, false)
    }

    /// Sleeps until `timeout` is over, whatever rings.
    pub(crate) fn pause(&self, timeout: Duration) -> Next {
        self.lie_down(timeout, true)
    }

    fn lie_down(&self, timeout: Duration, resting: bool) -> Next {
        let mut state = self.0.lock();
        let until = Instant::now() + timeout;
        state.until = Some(until);
        state.resting = resting;
        match (state.closed, state.rung && !resting) {
            (true, _) => Next::Done,
            (false, true) => Next::Again,
            (false, false) => Next::At(until),
        }
    }

    /// Ends all sleep, and all else.
    pub(crate) fn close(&self) {
        self.0.lock().closed = true;
    }
}
