//! What is looked at again and again: whether what is ours still is, and whether somebody else is
//! gone.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::crew::{self, Chore, Next};

/// Something that is done again and again until this is dropped; then it never will be, and is
/// not under way.
///
/// The crew does it: where a disk does not answer, only what is asked of that disk waits.
pub(crate) struct Beat(Arc<Item>);

type Work = Box<dyn FnMut() + Send>;

struct Item {
    period: Duration,
    /// `None` once it is over.
    work: Mutex<Option<Work>>,
}

impl Beat {
    /// Has `work` done once in every period. It must not drop the beat it is done by.
    pub(crate) fn start(period: Duration, work: impl FnMut() + Send + 'static) -> io::Result<Self> {
        crew::enlist()?;
        let item = Arc::new(Item {
            period,
            work: Mutex::new(Some(Box::new(work))),
        });
        let chore: Weak<Item> = Arc::downgrade(&item);
        crew::at(Instant::now() + period, chore);
        Ok(Beat(item))
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        // Waits for it if it is under way.
        let work = self.0.work.lock().take();
        drop(work);
    }
}

impl std::fmt::Debug for Beat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.period.fmt(f)
    }
}

impl Chore for Item {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        // From when it begins: one that takes long does not come later and later.
        let next = Instant::now() + self.period;
        match &mut *self.work.lock() {
            Some(work) => {
                // A panic ends no more than one beat.
                let _ = catch_unwind(AssertUnwindSafe(work));
                Next::At(next)
            }
            None => Next::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    #[test]
    fn work_is_done_until_the_beat_is_dropped_and_a_panic_ends_nothing() {
        let (sender, done) = mpsc::channel();
        let failing = Beat::start(SOON, || panic!("as the test wants it")).unwrap();
        let beat = Beat::start(SOON, move || sender.send(()).unwrap()).unwrap();
        (0..5).for_each(|_| done.recv().unwrap());
        drop(beat);
        while done.try_recv().is_ok() {}
        assert!(done.recv().is_err());
        drop(failing);
    }

    #[test]
    fn dropping_a_beat_waits_for_the_work_that_is_under_way() {
        let (reached, has_reached) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let (finish, finished) = mpsc::channel();
        let beat = Beat::start(SOON, move || {
            if reached.send(()).is_ok() && may_go_on.recv().is_ok() {
                finish.send(()).unwrap();
            }
        })
        .unwrap();
        has_reached.recv().unwrap();
        let dropping = thread::spawn(move || drop(beat));
        go_on.send(()).unwrap();
        // It may come to another time before it is over.
        drop(go_on);
        dropping.join().unwrap();
        assert!(finished.try_recv().is_ok());
    }

    #[test]
    fn one_that_gets_nowhere_does_not_keep_others_waiting() {
        let (reached, has_reached) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let stuck = Beat::start(SOON, move || {
            let _ = reached.send(());
            let _ = may_go_on.recv();
        })
        .unwrap();
        has_reached.recv().unwrap();
        let (sender, done) = mpsc::channel();
        let beat = Beat::start(SOON, move || sender.send(()).unwrap()).unwrap();
        (0..5).for_each(|_| done.recv_timeout(Duration::from_secs(60)).unwrap());
        drop(beat);
        drop(go_on);
        drop(stuck);
    }
}
