use std::cmp::Ordering;

use super::Facts;
use crate::index::Row;

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

impl Sort {
    /// Whether it is an order that the index is in, forwards or backwards.
    pub(super) fn is_by_time(self) -> bool {
        matches!(self, Sort::Newest | Sort::Oldest)
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

    /// As [`Sort::value`], without a look at the entry where its row tells.
    pub(super) fn value_of_row(self, row: Row<'_>) -> i64 {
        match self {
            Sort::Newest | Sort::Oldest => row.connected_at,
            Sort::Longest => row.duration_ms,
            Sort::MostEvents => row.event_count.into(),
            Sort::Largest => self.value(&**row.entry),
        }
    }

    /// Which comes first. Ids are looked at only where it goes by them: each look may be a wait
    /// for the memory.
    pub(super) fn compare(self, a: &impl Place, b: &impl Place) -> Ordering {
        let by_value = b.value().cmp(&a.value());
        let greatest_first = by_value.then_with(|| a.id().cmp(b.id()));
        match self {
            Sort::Oldest => greatest_first.reverse(),
            _ => greatest_first,
        }
    }
}

/// A place in an order.
pub(super) trait Place {
    /// What the order goes by, as [`Sort::value`] gives it.
    fn value(&self) -> i64;
    /// Whose place it is.
    fn id(&self) -> &[u8];
}
