//! What is known of the parts of running sessions.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::key::Name;

/// What of a running session is in the bucket.
pub(super) struct Parts {
    /// When it was started: another one may have its id.
    pub connected_at: i64,
    pub stem: Name,
    /// Frames.
    pub count: usize,
    /// Parts.
    pub parts: u64,
}

/// By the sessions' ids.
pub(super) type Uploaded = Mutex<HashMap<Box<[u8]>, Parts>>;
