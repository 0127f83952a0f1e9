use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use replay_etf::recording::{Frame, offset_and_kind};
use replay_etf::{Limits, Summary};

use super::Shared;
use super::queue::{Job, Task};
use super::reservation::Reservation;
use super::summary::{ActiveSummary, State};
use super::tally::Tally;
use crate::flags::Flags;
use crate::slab::{AppendError, Chain, Kind, Mark, Payload, Wait};
use crate::{Error, View};

/// A recording that is not in its file yet: it is still running, or waits to be saved.
///
/// Any thread may append to it, one at a time.
pub struct Recording {
    id: Arc<[u8]>,
    view: View,
    url: Option<Arc<[u8]>>,
    connected_at: i64,
    max_events: u32,
    chain: Chain,
    tally: Tally,
    /// Whether nothing may be appended any more.
    ended: AtomicBool,
    /// Whether it is unwanted.
    discarded: AtomicBool,
    truncated: AtomicBool,
    recovered: bool,
    /// Whether an earlier run left it behind.
    found: bool,
    /// Whether a file of it may have been written.
    placed: AtomicBool,
    guards: Mutex<Vec<Box<dyn Any + Send>>>,
    limits: Limits,
    shared: Weak<Shared>,
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
            view: shared.files.loader.views.intern(summary.view),
            url: summary.url.as_deref().map(Arc::from),
            connected_at: summary.connected_at,
            max_events,
            chain,
            tally: Tally::new(summary.events, summary.duration_ms, bytes),
            ended: AtomicBool::new(false),
            discarded: AtomicBool::new(false),
            truncated: AtomicBool::new(false),
            recovered: false,
            found: false,
            placed: AtomicBool::new(false),
            guards: Mutex::new(Vec::new()),
            limits: shared.files.loader.limits,
            shared: Arc::downgrade(shared),
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
            view: self.view.clone(),
            url: self.url.clone(),
            connected_at: self.connected_at,
            duration_ms: self.tally.duration_ms(),
            events,
            truncated: self.truncated.load(Relaxed),
            recovered: self.recovered,
            state: if self.ended.load(Relaxed) {
                State::Ended
            } else {
                State::Running
            },
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
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.summary().fmt(f)
    }
}

/// What the finalizer does.
impl Recording {
    /// A recording that an earlier run left behind. It has ended.
    pub(super) fn found(shared: &Arc<Shared>, chain: Chain) -> Result<Self, (Chain, Error)> {
        let Some(frames) = chain.frames() else {
            return Err((chain, Error::NotFound));
        };
        let limits = &shared.files.loader.limits;
        let mut payloads = frames.iter().map(|(_, payload)| payload);
        let head = payloads
            .next()
            .map(|payload| payload.rest)
            .unwrap_or_default();
        let summary = match replay_etf::summarize(head, limits) {
            Ok(summary) => summary,
            Err(error) => return Err((chain, Error::Recording(error))),
        };
        let tally = Tally::new(summary.events, summary.duration_ms, head.len());
        for payload in payloads {
            // The part is nearly always enough, and the type's name must be very long if not.
            let Payload { part, rest } = payload;
            let head = offset_and_kind(if part.is_empty() { rest } else { part }, limits)
                .or_else(|_| offset_and_kind(&payload.pieces().concat(), limits));
            match head {
                Ok((offset_ms, kind)) => tally.add(offset_ms, kind, payload.len()),
                Err(error) => return Err((chain, Error::Recording(error))),
            }
        }
        let ended = chain.has_mark(Mark::Ended);
        let truncated = chain.has_mark(Mark::Truncated);
        Ok(Recording {
            tally,
            ended: AtomicBool::new(true),
            truncated: AtomicBool::new(truncated),
            recovered: !ended,
            found: true,
            ..Recording::new(shared, summary, 0, 0, chain)
        })
    }

    /// Waits for an append that is under way, and notes that there will be no more.
    pub(super) fn close(&self) {
        // What a crash cut off stays so, even if the next crash comes before it is saved.
        if !self.recovered {
            self.chain.mark(Mark::Ended);
        }
    }

    /// Writes the recording as it is now.
    pub(super) fn assemble(&self, into: &mut Vec<u8>) -> Result<(), Error> {
        let frames = self.chain.frames().ok_or(Error::NotFound)?;
        into.clear();
        into.reserve(self.tally.bytes() + 16);
        let mut payloads = frames.iter();
        let head = payloads.next().filter(|(kind, _)| *kind == Kind::Head);
        let (_, head) = head.ok_or(Error::NotFound)?;
        let frame = Frame::of(head.rest, &self.limits).map_err(Error::Recording)?;
        let events = payloads.map(|(_, payload)| payload.pieces());
        frame.assemble(events, into).map_err(Error::Recording)
    }

    /// Gives up its place in the table and its space.
    pub(super) fn let_go(self: &Arc<Self>, shared: &Shared) {
        shared.table.remove(self);
        self.chain.release();
    }

    /// Leaves it to the next run.
    pub(super) fn leave(&self) {
        self.ended.store(true, Release);
        self.chain.leave();
        self.drop_guards();
    }

    /// Drops what was kept for it. That is foreign code and may do anything: no lock is held.
    pub(super) fn drop_guards(&self) {
        let guards = std::mem::take(&mut *self.guards.lock());
        // A panic has been reported when this is reached, and must not end the thread.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(guards)));
    }

    pub(super) fn has_user_events(&self) -> bool {
        self.tally.counts().has_user_events()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Acquire)
    }

    pub(super) fn is_discarded(&self) -> bool {
        self.discarded.load(Acquire)
    }

    /// Whether it was let go of.
    pub(super) fn is_gone(&self) -> bool {
        self.chain.is_gone()
    }

    /// Whether an earlier run left it behind.
    pub(super) fn was_found(&self) -> bool {
        self.found
    }

    pub(super) fn is_recovered(&self) -> bool {
        self.recovered
    }

    /// From now on there may be a file of it.
    pub(super) fn set_placed(&self) {
        self.placed.store(true, Relaxed);
    }

    pub(super) fn is_placed(&self) -> bool {
        self.placed.load(Relaxed)
    }

    pub(super) fn flags(&self) -> Flags {
        Flags {
            recovered: self.recovered,
            truncated: self.truncated.load(Relaxed),
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

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Whether this is the first event that was refused because there were too many.
    pub(super) fn set_truncated(&self) -> bool {
        !self.truncated.swap(true, Relaxed)
    }

    /// What can be read back.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}
