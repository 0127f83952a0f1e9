//! Threads that wait for something to do.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Something to do, once or more: whoever waits does it once.
#[derive(Debug, Default)]
pub(super) struct Signal {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn give(&self) {
        let mut given = self.given.lock();
        if !*given {
            *given = true;
            self.changed.notify_all();
        }
    }

    /// Waits until it is given, or a time is over. Returns whether it was.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let mut given = self.given.lock();
        while !*given {
            let over = match deadline {
                Some(deadline) => self.changed.wait_until(&mut given, deadline).timed_out(),
                None => {
                    self.changed.wait(&mut given);
                    false
                }
            };
            if over {
                break;
            }
        }
        std::mem::take(&mut *given)
    }
}

/// A number that grows, for those who wait until something has happened once more.
#[derive(Debug, Default)]
pub(super) struct Count {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Count {
    pub(super) fn now(&self) -> u64 {
        *self.count.lock()
    }

    pub(super) fn grow(&self) {
        *self.count.lock() += 1;
        self.changed.notify_all();
    }

    /// Waits until it has grown beyond a number, or until a deadline.
    pub(super) fn wait_beyond(&self, before: u64, deadline: Instant) -> bool {
        let mut count = self.count.lock();
        while *count <= before {
            if self.changed.wait_until(&mut count, deadline).timed_out() {
                return *count > before;
            }
        }
        true
    }
}
