use std::sync::Arc;

use super::Facts;
use crate::active::{ActiveSummary, State};
use crate::codec::Subject;
use crate::index::{Entry, Names, View};

/// A recording that was found.
#[derive(Debug, Clone)]
pub enum Item {
    /// In its file.
    Stored(Arc<Entry>),
    /// Still running, or on its way to the file.
    InFlight(Box<InFlight>),
}

/// A recording that is not in its file yet, as it was when it was looked at.
#[derive(Debug, Clone)]
pub struct InFlight {
    /// What a list shows of it.
    pub summary: ActiveSummary,
    /// The names of its user events, where somebody asked for them.
    pub(super) names: Names,
}

impl Facts for InFlight {
    fn id(&self) -> &[u8] {
        &self.summary.id
    }

    fn view(&self) -> &View {
        &self.summary.view
    }

    fn url(&self) -> Option<&[u8]> {
        self.summary.url.as_deref()
    }

    fn subject(&self) -> Option<&Subject> {
        self.summary.subject.as_deref()
    }

    fn connected_at(&self) -> i64 {
        self.summary.connected_at
    }

    fn event_count(&self) -> u32 {
        self.summary.events.total()
    }

    fn duration_ms(&self) -> i64 {
        self.summary.duration_ms
    }

    fn bytes(&self) -> u64 {
        self.summary.bytes as u64
    }

    fn is_active(&self) -> bool {
        self.summary.state == State::Running
    }

    fn is_recovered(&self) -> bool {
        self.summary.recovered
    }

    fn is_truncated(&self) -> bool {
        self.summary.truncated
    }

    /// None unless the query asked for them: they are not at hand.
    fn names(&self) -> &Names {
        &self.names
    }
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &[u8] {
        match self {
            Item::Stored(entry) => Facts::id(&**entry),
            Item::InFlight(recording) => recording.id(),
        }
    }
}
