//! Who notices that there is more than is to be kept: whoever puts a recording into the index
//! looks at a few counters, and wakes the evictor if they say so. That one decides and deletes.

use std::sync::Weak;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::crew::{self, Chore, Next};

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
    pub(crate) fn ring(&self, due: bool, oldest_at: i64) {
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
