//! The threads that all stores of a process share.
//!
//! There are as many as there is to do at once, whatever number of stores are open: one waits
//! while nothing happens. Whoever takes a chore while nobody else is free has another thread
//! started first, so that a disk which does not answer keeps only its own stores waiting, and
//! whoever hands in a chore, perhaps on a thread that must not wait, never starts one.

mod state;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};

use state::{LINGER, State};

/// More are never started: what comes on top waits. A store occupies only a few at once.
const MAX_THREADS: usize = 64;

/// A thread that used more memory than this for a chore gives it back.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// Something that is done a part at a time.
pub(crate) trait Chore: Send + Sync {
    /// Does a part of it. `scratch` is memory of the thread, with anything in it.
    fn run(self: Arc<Self>, scratch: &mut Vec<u8>) -> Next;
}

/// When a chore is to be run again, whoever else has it run.
pub(crate) enum Next {
    /// As soon as those who wait have had their turn.
    Again,
    /// At this time.
    At(Instant),
    /// Not until it is handed in again.
    Done,
}

struct Crew {
    state: Mutex<State>,
    /// Signalled when there is something to do for one more thread.
    work: Condvar,
}

static CREW: Crew = Crew {
    state: Mutex::new(State::new()),
    work: Condvar::new(),
};

/// Makes sure that there is somebody who does what is handed in.
pub(crate) fn enlist() -> io::Result<()> {
    let mut state = CREW.state.lock();
    if state.threads == 0 {
        spawn(&mut state)?;
    }
    Ok(())
}

/// Has a chore run soon. It is forgotten when nobody else holds it any more.
pub(crate) fn soon(chore: Weak<dyn Chore>) {
    CREW.state.lock().ready.push_back(chore);
    CREW.work.notify_one();
}

/// Has a chore run at a time.
pub(crate) fn at(time: Instant, chore: Weak<dyn Chore>) {
    CREW.state.lock().put_off(time, chore);
    // Whoever waits until later must wait for this one.
    CREW.work.notify_one();
}

fn spawn(state: &mut State) -> io::Result<()> {
    thread::Builder::new()
        .name("replay-work".into())
        .spawn(work)?;
    state.threads += 1;
    Ok(())
}

fn work() {
    let mut scratch = Vec::new();
    let mut state = CREW.state.lock();
    loop {
        state.call_up_due();
        if let Some(chore) = state.take() {
            if state.idle == 0 && state.threads < MAX_THREADS {
                // If it fails, what is left waits for this one.
                let _ = spawn(&mut state);
            }
            MutexGuard::unlocked(&mut state, || run(chore, &mut scratch));
            continue;
        }
        let now = Instant::now();
        if state.is_one_too_many(now) {
            return;
        }
        let due = state.later.first_key_value().map(|(&(due, _), _)| due);
        let until = match state.threads {
            1 => due,
            _ => Some(due.map_or(now + LINGER, |due| due.min(now + LINGER))),
        };
        state.idle += 1;
        match until {
            Some(until) => {
                CREW.work.wait_until(&mut state, until);
            }
            None => CREW.work.wait(&mut state),
        }
        state.idle -= 1;
    }
}

fn run(chore: Weak<dyn Chore>, scratch: &mut Vec<u8>) {
    // What the last one who held it gave up drops it here.
    let Some(held) = chore.upgrade() else {
        return;
    };
    // A chore reports its own panics, and one of it must not end the thread.
    let next = catch_unwind(AssertUnwindSafe(|| held.run(scratch))).unwrap_or(Next::Done);
    if scratch.capacity() > MAX_KEPT_BYTES {
        *scratch = Vec::new();
    }
    match next {
        // This thread is about to look for something to do anyway.
        Next::Again => CREW.state.lock().ready.push_back(chore),
        Next::At(time) => at(time, chore),
        Next::Done => {}
    }
}

#[cfg(test)]
mod tests;
