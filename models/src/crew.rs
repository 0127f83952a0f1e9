//! The threads that all stores share, of which a model starts some: who is called, and what
//! comes of a turn.

use std::sync::Weak;
use std::time::Instant;

use loom::lazy_static;

use crate::sync::{Condvar, Mutex};

pub(crate) trait Chore: Send + Sync {}

pub(crate) enum Next {
    Again,
    Done,
}

#[derive(Default)]
struct Calls {
    open: usize,
    closed: bool,
}

struct Crew {
    calls: Mutex<Calls>,
    called: Condvar,
}

lazy_static! {
    static ref CREW: Crew = Crew {
        calls: Mutex::default(),
        called: Condvar::new(),
    };
}

/// There is one chore in a model.
pub(crate) fn soon(_: Weak<dyn Chore>) {
    CREW.calls.lock().open += 1;
    CREW.called.notify_one();
}

/// It is as if the time had come.
pub(crate) fn at(_: Instant, chore: Weak<dyn Chore>) {
    soon(chore);
}

/// What a thread of the crew does until there is no more to come.
pub(crate) fn work(mut turn: impl FnMut() -> Next) {
    loop {
        let mut calls = CREW.calls.lock();
        while calls.open == 0 {
            if calls.closed {
                return;
            }
            CREW.called.wait(&mut calls);
        }
        calls.open -= 1;
        drop(calls);
        while let Next::Again = turn() {}
    }
}

/// Nobody is called any more.
pub(crate) fn close() {
    CREW.calls.lock().closed = true;
    CREW.called.notify_all();
}
