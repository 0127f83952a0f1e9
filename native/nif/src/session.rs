//! A recording in flight, as the VM holds it: a resource that monitors a process. Whoever holds one
//! of an earlier load of the library looks the recording up again by its id.

use std::sync::Arc;

use parking_lot::Mutex;
use replay_etf::Limits;
use replay_store::Recording;

use crate::changes::Table;
use crate::resource::{Held, Kind};

/// A recording that calls append to.
pub struct Session {
    pub recording: Arc<Recording>,
    pub limits: Limits,
    /// What events may refer to that are written as changes, by this handle.
    pub table: Mutex<Table>,
}

impl Held for Session {
    const NAME: &'static str = "session";

    fn kind() -> &'static Kind {
        static KIND: Kind = Kind::new();
        &KIND
    }

    /// Only puts the recording into a queue.
    fn down(&self) {
        self.recording.end();
    }
}
