//! The one thread of the process that looks at things again and again: whether what is ours
//! still is, and whether somebody else is gone. It is there as long as there is something to
//! look at.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

static SHARED: Mutex<Weak<Heart>> = Mutex::new(Weak::new());

struct Heart {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    beats: Mutex<Beats>,
    changed: Condvar,
}

#[derive(Default)]
struct Beats {
    all: Vec<Arc<Item>>,
    closed: bool,
}

type Work = Box<dyn FnMut() + Send>;

struct Item {
    period: Duration,
    due: Mutex<Instant>,
    /// `None` once it is over.
    work: Mutex<Option<Work>>,
}

/// Something that is done again and again until this is dropped; then it never will be, and is
/// not under way.
pub(crate) struct Beat {
    item: Arc<Item>,
    heart: Arc<Heart>,
}

impl Beat {
    /// Has `work` done once in every period. It must not drop the beat it is done by.
    pub(crate) fn start(period: Duration, work: impl FnMut() + Send + 'static) -> io::Result<Self> {
        let heart = shared()?;
        let item = Arc::new(Item {
            period,
            due: Mutex::new(Instant::now() + period),
            work: Mutex::new(Some(Box::new(work))),
        });
        heart.state.beats.lock().all.push(Arc::clone(&item));
        heart.state.changed.notify_all();
        Ok(Beat { item, heart })
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        let mut beats = self.heart.state.beats.lock();
        beats.all.retain(|item| !Arc::ptr_eq(item, &self.item));
        drop(beats);
        // Waits for it if it is under way.
        let work = self.item.work.lock().take();
        drop(work);
    }
}

impl std::fmt::Debug for Beat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.item.period.fmt(f)
    }
}

fn shared() -> io::Result<Arc<Heart>> {
    let mut shared = SHARED.lock();
    if let Some(heart) = shared.upgrade() {
        return Ok(heart);
    }
    let state = Arc::new(State::default());
    let worked = Arc::clone(&state);
    let thread = thread::Builder::new()
        .name("replay-heart".to_owned())
        .spawn(move || work(&worked))?;
    let heart = Arc::new(Heart {
        state,
        thread: Some(thread),
    });
    *shared = Arc::downgrade(&heart);
    Ok(heart)
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.state.beats.lock().closed = true;
        self.state.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // Panics end no more than one beat.
            let _ = thread.join();
        }
    }
}

fn work(state: &State) {
    let mut beats = state.beats.lock();
    while !beats.closed {
        let now = Instant::now();
        let due: Vec<_> = (beats.all.iter())
            .filter(|item| *item.due.lock() <= now)
            .map(Arc::clone)
            .collect();
        if due.is_empty() {
            let next = beats.all.iter().map(|item| *item.due.lock()).min();
            match next {
                Some(next) => {
                    state.changed.wait_until(&mut beats, next);
                }
                None => state.changed.wait(&mut beats),
            }
            continue;
        }
        drop(beats);
        for item in due {
            // From when it begins: one that takes long does not keep the others waiting twice.
            *item.due.lock() = Instant::now() + item.period;
            if let Some(work) = &mut *item.work.lock() {
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        }
        beats = state.beats.lock();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

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
}
