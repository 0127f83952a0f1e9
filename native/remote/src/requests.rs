//! What was asked of the bucket, counted.

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
