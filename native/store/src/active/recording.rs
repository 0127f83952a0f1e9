use std::any::Any;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use replay_etf::{Limits, Summary};

use super::Shared;
use super::summary::{ActiveSummary, State};
use super::tally::Tally;
use crate::codec::{Format, Subject};
use crate::index::View;
use crate::slab::Chain;

/// A recording that is not in its file yet: it is still running, or waits to be saved.
///
/// Any thread may append to it, one at a time.
pub struct Recording {
    pub(super) id: Arc<[u8]>,
    pub(super) view: Arc<View>,
    pub(super) url: Option<Arc<[u8]>>,
    pub(super) connected_at: i64,
    /// Set while no one else appends.
    pub(super) subject: OnceLock<Arc<Subject>>,
    pub(super) max_events: u32,
    pub(super) chain: Chain,
    pub(super) tally: Tally,
    /// How many events were appended as what changed.
    pub(super) changes: AtomicU64,
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
            subject: OnceLock::new(),
            max_events,
            chain,
            tally: Tally::new(summary.events, summary.duration_ms, bytes),
            changes: AtomicU64::new(0),
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

    /// What a list shows of the recording as it is now. Looks at counters only.
    pub fn summary(&self) -> ActiveSummary {
        let events = self.tally.counts();
        ActiveSummary {
            id: Arc::clone(&self.id),
            view: Arc::clone(&self.view),
            url: self.url.clone(),
            subject: self.subject().cloned(),
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

    /// What its terms are held to.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
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
