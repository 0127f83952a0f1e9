//! How many requests there are at one time.

use parking_lot::Mutex;

/// Requests that have no answer yet.
#[derive(Default)]
pub(super) struct Count(Mutex<Numbers>);

#[derive(Default)]
struct Numbers {
    now: usize,
    most: usize,
}

/// One of them: until the first byte of its answer is given.
pub(super) struct Unanswered<'a>(&'a Count);

impl Count {
    pub(super) fn add(&self) -> Unanswered<'_> {
        let mut numbers = self.0.lock();
        numbers.now += 1;
        numbers.most = numbers.most.max(numbers.now);
        Unanswered(self)
    }

    /// The most there were.
    pub(super) fn most(&self) -> usize {
        self.0.lock().most
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.0.0.lock().now -= 1;
    }
}
