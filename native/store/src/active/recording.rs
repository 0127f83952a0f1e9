use std::any::Any;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use replay_etf::{Limits, Summary};

use super::Shared;
use super::queue::{Job, Task};
use super::reservation::Reservation;
use super::summary::{ActiveSummary, State};
use super::tally::Tally;
use crate::codec::Format;
use crate::error::Error;
use crate::index::{Names, View};
use crate::slab::{AppendError, Chain, Mark, Wait};

/// A recording that is not in its file yet: it is still running, or waits to be saved.
///
/// Any thread may append to it, one at a time.
pub struct Recording {
    pub(super) id: Arc<[u8]>,
    pub(super) view: Arc<View>,
    pub(super) url: Option<Arc<[u8]>>,
    pub(super) connected_at: i64,
    pub(super) max_events: u32,
    pub(super) chain: Chain,
    pub(super) tally: Tally,
    /// Whether nothing may be appended any more.
    pub(super) ended: AtomicBool,
    /// Whether it is unwanted.
    pub(super) discarded: AtomicBool,
    pub(super) truncated: AtomicBool,
    /// Whether its file is to be JSON.
    pub(super) json: AtomicBool,
    pub(super) recovered: bool,
    /// Whether an earlier run left it behind.
    pub(super) found: bool,
    /// Whether a file of it may have been written.
    pub(super) placed: AtomicBool,
    /// Whether it is one that no attempt of this run can save.
    pub(super) unsavable: AtomicBool,
    pub(super) guards: Mutex<Vec<Box<dyn Any + Send>>>,
    pub(super) limits: Limits,
    pub(super) shared: Weak<Shared>,
}

impl Recording {
    /// The recording whose first frame was just written.
    pub(super) fn new(
        shared: &Arc<Shared>,
        summary: Summary<'_>,
        bytes: usize,
        max_events: u32,
        chain: Chain,
    ) -> Self {
        Recording {
            id: Arc::from(&*summary.id),
            view: shared.files.loader.shared.view(summary.view),
            url: summary.url.as_deref().map(Arc::from),
            connected_at: summary.connected_at,
            max_events,
            chain,
            tally: Tally::new(summary.events, summary.duration_ms, bytes),
            ended: AtomicBool::new(false),
            discarded: AtomicBool::new(false),
            truncated: AtomicBool::new(false),
            json: AtomicBool::new(shared.files.options.format == Format::Json),
            recovered: false,
            found: false,
            placed: AtomicBool::new(false),
            unsavable: AtomicBool::new(false),
            guards: Mutex::new(Vec::new()),
            limits: shared.files.loader.limits,
            shared: Arc::downgrade(shared),
        }
    }

    /// Chooses how its file is encoded, instead of by
    /// [`Options::format`](crate::options::Options::format).
    pub fn save_as(&self, format: Format) {
        self.json.store(format == Format::Json, Relaxed);
    }

    /// How its file is encoded, or will be.
    pub fn format(&self) -> Format {
        if self.json.load(Relaxed) {
            Format::Json
        } else {
            Format::Etf
        }
    }

    /// The id inside the recording.
    pub fn id(&self) -> &Arc<[u8]> {
        &self.id
    }

    /// Begins to append an event. Others wait until the reservation is committed or dropped.
    ///
    /// # Errors
    ///
    /// [`AppendError::Ended`] and [`AppendError::Full`].
    #[inline]
    pub fn reserve(&self, wait: Wait) -> Result<Reservation<'_>, AppendError> {
        if self.ended.load(Acquire) {
            return Err(AppendError::Ended);
        }
        let append = self.chain.append(wait)?;
        // Whoever ended it meanwhile does not wait for this append, whoever saves it does.
        if self.ended.load(Acquire) {
            return Err(AppendError::Ended);
        }
        if self.tally.appended() >= self.max_events {
            return Err(Reservation::new(self, append).full());
        }
        Ok(Reservation::new(self, append))
    }

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

    /// The recording as it is now, as an external term with its version byte.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if it was discarded or is in its file now.
    pub fn snapshot(&self) -> Result<Vec<u8>, Error> {
        if self.is_discarded() {
            return Err(Error::NotFound);
        }
        let mut etf = Vec::new();
        self.assemble(&mut etf)?;
        Ok(etf)
    }

    /// What a list shows of the recording as it is now. Looks at counters only.
    pub fn summary(&self) -> ActiveSummary {
        let events = self.tally.counts();
        ActiveSummary {
            id: Arc::clone(&self.id),
            view: Arc::clone(&self.view),
            url: self.url.clone(),
            connected_at: self.connected_at,
            duration_ms: self.tally.duration_ms(),
            events,
            bytes: self.tally.bytes(),
            truncated: self.truncated.load(Relaxed),
            recovered: self.recovered,
            state: if self.ended.load(Relaxed) {
                State::Ended
            } else {
                State::Running
            },
        }
    }

    /// The distinct names of its user events so far; `None` if it was discarded or is in its file
    /// now. Takes a look at every event, because appending does not collect them.
    pub(crate) fn names(&self) -> Option<Names> {
        let frames = self.chain.frames().ok()??;
        // What can't be summarized has no names.
        let summary = self.summarize(&frames);
        Some(summary.map_or_else(|_| Names::default(), |it| it.names.iter().collect()))
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

    /// Whether nothing may be appended any more.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Acquire)
    }

    pub(super) fn is_discarded(&self) -> bool {
        self.discarded.load(Acquire)
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.summary().fmt(f)
    }
}
