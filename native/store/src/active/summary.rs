use std::sync::Arc;

use replay_etf::EventCounts;

use crate::codec::Subject;
use crate::index::View;

/// What a list shows of a recording that is not in its file yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveSummary {
    /// Its id, any bytes.
    pub id: Arc<[u8]>,
    /// The view it is made in.
    pub view: Arc<View>,
    /// The URL it was started at.
    pub url: Option<Arc<[u8]>>,
    /// Whom it belongs to.
    pub subject: Option<Arc<Subject>>,
    /// When it was started, in milliseconds since the Unix epoch.
    pub connected_at: i64,
    /// Offset of the last event in milliseconds; 0 without events.
    pub duration_ms: i64,
    /// Number of events of each type.
    pub events: EventCounts,
    /// Size of the recording so far, encoded.
    pub bytes: usize,
    /// Whether events were refused because there were too many.
    pub truncated: bool,
    /// Whether it was cut off by a crash and recovered.
    pub recovered: bool,
    /// Whether it is still running.
    pub state: State,
}

/// How far a recording has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Events can be appended.
    Running,
    /// It waits to be saved.
    Ended,
}

impl ActiveSummary {
    /// Whether it is worth keeping; see [`EventCounts::has_user_events`].
    pub fn has_user_events(&self) -> bool {
        self.events.has_user_events()
    }
}
