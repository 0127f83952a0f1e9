//! Ends the program if a run does not come to its end, and notes panics of the engine's threads.

use std::process::abort;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Once};
use std::thread;

use crate::support::LONG;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Runs are to end while it exists.
pub struct Watchdog {
    _ended: Sender<()>,
    panics: usize,
}

impl Watchdog {
    /// Watches a run, which is told of if it takes longer than a minute.
    pub fn new(run: Arc<str>) -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let usual = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let thread = thread::current();
                if thread.name().is_some_and(|name| name.starts_with("replay")) {
                    PANICS.fetch_add(1, Ordering::Relaxed);
                }
                usual(info);
            }));
        });
        let (ended, is_ended) = channel::<()>();
        thread::spawn(move || {
            if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = is_ended.recv_timeout(LONG) {
                eprintln!("{run}: it waits for ever");
                abort();
            }
        });
        Watchdog {
            _ended: ended,
            panics: PANICS.load(Ordering::Relaxed),
        }
    }

    /// Whether a thread of the engine panicked meanwhile.
    pub fn has_seen_panic(&self) -> bool {
        PANICS.load(Ordering::Relaxed) != self.panics
    }
}
