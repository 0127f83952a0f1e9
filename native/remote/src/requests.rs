//! What was asked of the bucket, counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Requests that were sent since the bucket was opened, and bytes of bodies.
///
/// Those for credentials are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requests {
    /// PUT.
    pub puts: u64,
    /// GET of an object.
    pub gets: u64,
    /// HEAD.
    pub heads: u64,
    /// GET of a listing's page.
    pub lists: u64,
    /// DELETE.
    pub deletes: u64,
    /// Of all of them, those that came to nothing, a missing object included.
    pub failed: u64,
    /// Bytes of bodies handed to connections.
    pub sent_bytes: u64,
    /// Bytes of bodies received.
    pub received_bytes: u64,
}

/// The same, while it grows.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub puts: AtomicU64,
    pub gets: AtomicU64,
    pub heads: AtomicU64,
    pub lists: AtomicU64,
    pub deletes: AtomicU64,
    pub failed: AtomicU64,
    pub sent_bytes: AtomicU64,
    pub received_bytes: AtomicU64,
}

impl Counts {
    pub fn so_far(&self) -> Requests {
        Requests {
            puts: self.puts.load(Relaxed),
            gets: self.gets.load(Relaxed),
            heads: self.heads.load(Relaxed),
            lists: self.lists.load(Relaxed),
            deletes: self.deletes.load(Relaxed),
            failed: self.failed.load(Relaxed),
            sent_bytes: self.sent_bytes.load(Relaxed),
            received_bytes: self.received_bytes.load(Relaxed),
        }
    }
}

/// One or more of something.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Relaxed);
}
