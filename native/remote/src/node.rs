//! What a node says of itself.

use bytes::Bytes;

use crate::fault::Fault;
use crate::key::Tag;

/// A node is there: the content of [`Key::Node`](crate::Key::Node).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Differs for each run of a node.
    pub run: Tag,
    /// When the run began, in milliseconds by the bucket's clock.
    pub since_ms: u64,
    /// Its version of this library; at most 64 bytes.
    pub version: String,
}

impl Presence {
    /// The object's bytes.
    pub fn encode(&self) -> Bytes {
        Bytes::new()
    }

    /// Reads what [`Presence::encode`] wrote.
    ///
    /// # Errors
    ///
    /// A fault of the kind `Invalid`.
    pub fn decode(bytes: &[u8]) -> Result<Presence, Fault> {
        let _ = bytes;
        Err(Fault::new(crate::FaultKind::Invalid, "not a presence"))
    }
}
