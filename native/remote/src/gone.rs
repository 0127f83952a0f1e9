//! A tombstone: what is deleted, for every node to see.

use bytes::Bytes;

use crate::fault::Fault;
use crate::key::Time;

/// Ids that one tombstone can name.
pub const MAX_GONE_IDS: usize = 100_000;
/// Bytes of a tombstone.
pub const MAX_GONE_BYTES: usize = 16 << 20;

/// Recordings that are deleted, as of a time.
#[derive(Clone, PartialEq, Eq)]
pub struct Gone {
    /// By the bucket's clock: objects with these ids up to this time are deleted, later ones not.
    pub effective: Time,
    /// The node that deleted them.
    pub origin: crate::key::Name,
    /// Ids of recordings.
    pub ids: Vec<Vec<u8>>,
    /// The filter that chose them, opaque here.
    pub filter: Option<Vec<u8>>,
}

impl Gone {
    /// The object's bytes; `None` if there are more ids than [`MAX_GONE_IDS`] or more bytes than
    /// [`MAX_GONE_BYTES`].
    pub fn encode(&self) -> Option<Bytes> {
        None
    }

    /// Reads what [`Gone::encode`] wrote.
    ///
    /// # Errors
    ///
    /// A fault of the kind `Invalid`.
    pub fn decode(bytes: &[u8]) -> Result<Gone, Fault> {
        let _ = bytes;
        Err(Fault::new(crate::FaultKind::Invalid, "not a tombstone"))
    }
}

impl std::fmt::Debug for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gone")
            .field("effective", &self.effective)
            .field("ids", &self.ids.len())
            .finish_non_exhaustive()
    }
}
