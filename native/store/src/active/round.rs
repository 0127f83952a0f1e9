use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::drained::Drained;

/// Several recordings that are saved as they are, and someone who waits for all of them.
pub(super) struct Round {
    state: Mutex<State>,
    over: Condvar,
}

struct State {
    result: Drained,
    open: usize,
}

impl Round {
    pub(super) fn new(size: usize) -> Self {
        let result = Drained {
            left: size,
            ..Drained::default()
        };
        Round {
            state: Mutex::new(State { result, open: size }),
            over: Condvar::new(),
        }
    }

    /// One of them was saved, dropped, or is left as it was.
    pub(super) fn done(&self, outcome: Drained) {
        let mut state = self.state.lock();
        state.open = state.open.saturating_sub(1);
        state.result.saved += outcome.saved;
        state.result.dropped += outcome.dropped;
        if outcome.left == 0 {
            state.result.left = state.result.left.saturating_sub(1);
        }
        self.over.notify_all();
    }

    pub(super) fn wait(&self, timeout: Duration) -> Drained {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.state.lock();
        while state.open > 0 {
            match deadline {
                Some(deadline) => {
                    if self.over.wait_until(&mut state, deadline).timed_out() {
                        break;
                    }
                }
                None => self.over.wait(&mut state),
            }
        }
        state.result
    }
}
