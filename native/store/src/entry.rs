use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use replay_etf::recording::{self, EventCounts, Summary};

use crate::Stamp;
use crate::flags::Flags;

/// How a recording's file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Erlang's external term format.
    Etf,
    /// The JSON text of the pure-Elixir backend.
    Json,
}

/// What a recording says about the view it was made in.
///
/// Equal texts are one allocation as long as recordings with it exist, so that a caller can
/// recognise a view by its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// An atom, such as `Elixir.MyAppWeb.HomeLive`.
    Atom(Arc<str>),
    /// A string, such as the `MyAppWeb.HomeLive` of a JSON file.
    Name(Arc<str>),
    /// Nothing of use.
    None,
}

/// One recording, as the index knows it: enough for a summary, without opening its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The id inside the recording, which is any byte string.
    pub id: Arc<[u8]>,
    /// The view it was made in.
    pub view: View,
    /// The URL it was started at.
    pub url: Option<Box<[u8]>>,
    /// When it was started, in milliseconds since the Unix epoch.
    pub connected_at: i64,
    /// Number of events.
    pub event_count: u32,
    /// Offset of the last event in milliseconds; 0 without events.
    pub duration_ms: i64,
    /// Number of events of each type.
    pub events: EventCounts,
    /// Whether it was cut off by a crash and recovered.
    pub recovered: bool,
    /// Whether events were refused because there were too many.
    pub truncated: bool,
    /// Encoding of the file.
    pub format: Format,
    /// Name of the file within the directory.
    pub file: Arc<[u8]>,
    /// Size, time and inode of the file when it was looked at.
    pub stamp: Stamp,
}

impl Entry {
    pub(crate) fn new(
        summary: Summary<'_>,
        flags: Flags,
        format: Format,
        file: Arc<[u8]>,
        stamp: Stamp,
        views: &Views,
    ) -> Self {
        Entry {
            id: Arc::from(&*summary.id),
            view: views.intern(summary.view),
            url: summary.url.map(|url| Box::from(&*url)),
            connected_at: summary.connected_at,
            event_count: summary.event_count,
            duration_ms: summary.duration_ms,
            events: summary.events,
            recovered: flags.recovered,
            truncated: flags.truncated,
            format,
            file,
            stamp,
        }
    }

    /// Name of the file within the directory, bytes that are not UTF-8 replaced.
    pub fn file_name(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.file)
    }
}

/// Fewer names than this are never looked through for unused ones.
const MIN_SWEEP: usize = 1024;

/// The view names in use, each stored once: thousands of recordings share a few views.
pub(crate) struct Views(Mutex<Pooled>);

struct Pooled {
    names: HashSet<Arc<str>>,
    sweep_at: usize,
}

impl Views {
    pub(crate) fn new() -> Self {
        Views(Mutex::new(Pooled {
            names: HashSet::new(),
            sweep_at: MIN_SWEEP,
        }))
    }

    pub(crate) fn intern(&self, view: recording::View<'_>) -> View {
        match view {
            recording::View::Atom(name) => View::Atom(self.share(&name)),
            recording::View::Name(name) => View::Name(self.share(&name)),
            recording::View::None => View::None,
        }
    }

    fn share(&self, name: &str) -> Arc<str> {
        let mut pool = self.0.lock();
        if let Some(shared) = pool.names.get(name) {
            return Arc::clone(shared);
        }
        if pool.names.len() >= pool.sweep_at {
            pool.names.retain(|name| Arc::strong_count(name) > 1);
            pool.sweep_at = (pool.names.len() * 2).max(MIN_SWEEP);
        }
        let shared: Arc<str> = Arc::from(name);
        pool.names.insert(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_view_names_are_one_allocation() {
        let views = Views::new();
        let (a, b) = (views.share("Elixir.Home"), views.share("Elixir.Home"));
        assert!(Arc::ptr_eq(&a, &b));
    }

    #[test]
    fn names_out_of_use_are_dropped_and_others_kept() {
        let views = Views::new();
        let kept = views.share("kept");
        for n in 0..10 * MIN_SWEEP {
            views.share(&n.to_string());
        }
        assert!(views.0.lock().names.len() <= MIN_SWEEP);
        assert!(Arc::ptr_eq(&kept, &views.share("kept")));
    }
}
