use std::cmp::Ordering;

use super::Facts;

/// The order of what was found. Each is total: what is equal goes by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By `connected_at`, the latest first.
    Newest,
    /// The reverse of [`Sort::Newest`].
    Oldest,
    /// By duration, the longest first.
    Longest,
    /// By number of events, the most first.
    MostEvents,
    /// By size, the largest first; see [`Facts::bytes`].
    Largest,
}

/// Where a recording stands in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position<'a> {
    pub(super) value: i64,
    pub(super) id: &'a [u8],
}

impl Sort {
    /// Whether it is an order that the index is in, forwards or backwards.
    pub(super) fn is_by_time(self) -> bool {
        matches!(self, Sort::Newest | Sort::Oldest)
    }

    pub(super) fn position(self, recording: &impl Facts) -> Position<'_> {
        Position {
            value: self.value(recording),
            id: recording.id(),
        }
    }

    /// What it goes by, before the id.
    pub(super) fn value(self, recording: &impl Facts) -> i64 {
        match self {
            Sort::Newest | Sort::Oldest => recording.connected_at(),
            Sort::Longest => recording.duration_ms(),
            Sort::MostEvents => recording.event_count().into(),
            Sort::Largest => i64::try_from(recording.bytes()).unwrap_or(i64::MAX),
        }
    }

    /// Which comes first.
    pub(super) fn compare(self, a: Position<'_>, b: Position<'_>) -> Ordering {
        let greatest_first = b.value.cmp(&a.value).then_with(|| a.id.cmp(b.id));
        match self {
            Sort::Oldest => greatest_first.reverse(),
            _ => greatest_first,
        }
    }
}
