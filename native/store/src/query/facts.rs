use crate::codec::Subject;
use crate::index::{Entry, Names, View};

/// What there is to know of a recording without opening it: what filters ask and sorts go by.
pub trait Facts {
    /// Its id, any bytes.
    fn id(&self) -> &[u8];
    /// The view it was made in.
    fn view(&self) -> &View;
    /// The URL it was started at.
    fn url(&self) -> Option<&[u8]>;
    /// Whom it belongs to.
    fn subject(&self) -> Option<&Subject>;
    /// When it was started, in milliseconds since the Unix epoch.
    fn connected_at(&self) -> i64;
    /// Number of events.
    fn event_count(&self) -> u32;
    /// Offset of the last event in milliseconds; 0 without events.
    fn duration_ms(&self) -> i64;
    /// Size of its file; of one in flight, which has none, its size uncompressed.
    fn bytes(&self) -> u64;
    /// Whether it is still running.
    fn is_active(&self) -> bool;
    /// Whether it was cut off by a crash and recovered.
    fn is_recovered(&self) -> bool;
    /// Whether events were refused because there were too many.
    fn is_truncated(&self) -> bool;
    /// The names of its user events.
    fn names(&self) -> &Names;
}

impl Facts for Entry {
    fn id(&self) -> &[u8] {
        Entry::id(self)
    }

    fn view(&self) -> &View {
        &self.view
    }

    fn url(&self) -> Option<&[u8]> {
        self.url.as_deref()
    }

    fn subject(&self) -> Option<&Subject> {
        self.subject.as_deref()
    }

    fn connected_at(&self) -> i64 {
        self.connected_at
    }

    fn event_count(&self) -> u32 {
        self.event_count
    }

    fn duration_ms(&self) -> i64 {
        self.duration_ms
    }

    fn bytes(&self) -> u64 {
        self.stamp.len
    }

    fn is_active(&self) -> bool {
        false
    }

    fn is_recovered(&self) -> bool {
        self.recovered
    }

    fn is_truncated(&self) -> bool {
        self.truncated
    }

    fn names(&self) -> &Names {
        &self.names
    }
}
