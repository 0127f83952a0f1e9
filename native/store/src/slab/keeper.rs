use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::space::Space;

/// How often segments are looked at as long as some may soon be deleted.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// A thread that makes segments before they are needed and deletes them when they no longer are,
/// and wipes what others have no time to.
/// It stops when this is dropped.
pub(super) struct Keeper {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(space: &Arc<Space>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, kept) = (Arc::clone(&stop), Arc::clone(space));
        let thread = thread::Builder::new()
            .name("replay-slab".to_owned())
            .spawn(move || keep(&kept, &stopped))?;
        // It can't be set yet: the space is new.
        let _ = space.keeper.set(thread.thread().clone());
        Ok(Keeper {
            stop,
            thread: Some(thread),
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // That it panicked was reported when it happened.
            let _ = thread.join();
        }
    }
}

fn keep(space: &Space, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let wiped = space.wipe_all();
        // A failure is for those who find no space, and try themselves, to report.
        let _ = space.grow_ahead();
        if space.trim(space.settings.idle) || wiped.is_err() {
            thread::park_timeout(TRIM_EVERY);
        } else {
            thread::park();
        }
    }
    // The rest is left to the next run.
    let _ = space.wipe_all();
    space.leave_unreleased();
}
