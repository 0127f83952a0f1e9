use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use super::job::{Job, Task};
use super::recording::Recording;
use crate::error::Error;
use crate::slab::Mark;

/// How a recording comes to its end.
impl Recording {
    /// Ends the recording: nothing can be appended any more, and it is saved in the background.
    /// Returns at once; calling it again does nothing.
    pub fn end(self: &Arc<Self>) {
        if !self.ended.swap(true, Release) {
            // If someone is just appending, the mark is set when the recording is saved.
            self.chain.try_mark(Mark::Ended);
            self.enqueue();
        }
    }

    /// Ends the recording as [`end`](Self::end) does, and returns all that will be in its file.
    ///
    /// # Errors
    ///
    /// As [`snapshot`](Self::snapshot). The recording has ended all the same.
    pub fn finish(self: &Arc<Self>) -> Result<Vec<u8>, Error> {
        // It is queued, and may be saved and gone at once, only after the look at it; and also if
        // that panics.
        struct Queued<'r>(&'r Arc<Recording>);
        impl Drop for Queued<'_> {
            fn drop(&mut self) {
                self.0.chain.try_mark(Mark::Ended);
                self.0.enqueue();
            }
        }
        let first = !self.ended.swap(true, Release);
        let _queued = first.then(|| Queued(self));
        self.snapshot()
    }

    /// Gives up the recording: nothing can be appended any more, and it will not be saved.
    /// Returns at once; its space is freed in the background.
    pub fn discard(self: &Arc<Self>) {
        if !self.discarded.swap(true, Release) {
            self.ended.store(true, Release);
            if let Some(shared) = self.shared.upgrade() {
                shared.table.remove(self);
            }
            self.enqueue();
        }
    }

    /// Keeps something until the recording is saved, dropped or discarded. It is dropped on a
    /// thread of the store, as long as the store is open.
    pub fn keep(self: &Arc<Self>, guard: Box<dyn Any + Send>) {
        self.guards.lock().push(guard);
        if self.ended.load(Acquire) {
            // It may have been let go already; doing that again also lets go of the guard.
            self.enqueue();
        }
    }

    fn enqueue(self: &Arc<Self>) {
        if let Some(shared) = self.shared.upgrade() {
            let recording = Arc::clone(self);
            shared.queue.push(Job {
                recording,
                task: Task::Finish,
                attempts: 0,
            });
        }
    }
}
