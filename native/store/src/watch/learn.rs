//! Learning the pages of recordings that an earlier version wrote down without them: in the
//! background, so that opening a directory reads no recording that is known.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::crew::{self, Chore, Next};
use crate::directory::Files;
use crate::index::{Entry, Slot};

/// How long files are read in one turn.
const MAX_TURN: Duration = Duration::from_millis(10);

/// So many times as long as a turn took is the pause after it: all others come first.
const REST: u32 = 3;

impl Files {
    /// Reads a recording to learn its pages, and puts what it says in place of what is known.
    /// Returns whether that has been done: not where the file is no longer the one that is known,
    /// or can't be read.
    pub(crate) fn learn_pages(&self, entry: &Arc<Entry>) -> bool {
        let read = self.buffers.with(|buffers| {
            let stamp = self.loader.read(entry.file(), buffers).ok();
            let stamp = stamp.filter(|stamp| *stamp == entry.stamp)?;
            let read = self.loader.unpack_entry(entry.file(), stamp, buffers).ok();
            buffers.trim();
            Some(read?.0)
        });
        let Some(read) = read else {
            return false;
        };
        let known = Slot::Recording(Arc::clone(entry));
        let now = Slot::Recording(Arc::new(read));
        self.index.write().put_if(entry.file(), &known, now)
    }
}

/// Learns until all is known, or it is dropped.
pub(crate) struct Learner(Arc<Learning>);

impl Learner {
    /// `None` if there is nothing to learn.
    pub(crate) fn start(files: &Arc<Files>) -> io::Result<Option<Self>> {
        if !files.loader.shared.is_incomplete() {
            return Ok(None);
        }
        crew::enlist()?;
        let learning = Arc::new(Learning(Mutex::new(Some(Work {
            files: Arc::clone(files),
            left: None,
        }))));
        let chore: Weak<Learning> = Arc::downgrade(&learning);
        crew::soon(chore);
        Ok(Some(Learner(learning)))
    }
}

impl Drop for Learner {
    fn drop(&mut self) {
        // Waits for a turn that is under way.
        *self.0.0.lock() = None;
    }
}

struct Learning(Mutex<Option<Work>>);

struct Work {
    files: Arc<Files>,
    /// What is to be read, the last one next; from the first turn on.
    left: Option<Vec<Arc<Entry>>>,
}

impl Chore for Learning {
    fn run(self: Arc<Self>, _scratch: &mut Vec<u8>) -> Next {
        let mut work = self.0.lock();
        let next = work.as_mut().map_or(Next::Done, Work::turn);
        if let Next::Done = next {
            *work = None;
        }
        next
    }
}

impl Work {
    fn turn(&mut self) -> Next {
        let start = Instant::now();
        let Work { files, left } = self;
        let left = left.get_or_insert_with(|| incomplete(files));
        while let Some(entry) = left.pop() {
            // One that this program stumbles over must not keep it from the others.
            let _ = catch_unwind(AssertUnwindSafe(|| files.learn_pages(&entry)));
            if start.elapsed() >= MAX_TURN {
                break;
            }
        }
        files.write_journal();
        if left.is_empty() {
            return Next::Done;
        }
        Next::At(Instant::now() + start.elapsed() * REST)
    }
}

/// The recordings whose pages are not known, the newest last. In the order of time, so that what is
/// made of them lies in memory as it does now.
fn incomplete(files: &Files) -> Vec<Arc<Entry>> {
    let index = files.index.read();
    let unknown = index.recordings().filter(|entry| entry.pages.is_unknown());
    let mut unknown: Vec<_> = unknown.cloned().collect();
    drop(index);
    unknown.sort_by_key(|entry| entry.connected_at);
    unknown
}
