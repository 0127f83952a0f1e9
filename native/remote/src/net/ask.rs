//! What a caller wants of a request beyond what the request says; it goes along in its extensions.

/// Bytes of a body that nobody has asked for.
const MAX_OTHER_BYTES: u64 = 64 << 10;

/// What is wanted of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A body of at most so many bytes.
    Body(u64),
    /// A page of a listing, as a [`Listing`](super::Listing) in the answer's extensions.
    Listing,
}

impl Ask {
    /// Bytes of the body.
    pub fn max_bytes(self) -> u64 {
        match self {
            Ask::Body(max) => max,
            // 1 000 objects whose keys have 1 024 bytes, each written as `&#38;`.
            Ask::Listing => 8 << 20,
        }
    }
}

impl Default for Ask {
    fn default() -> Ask {
        Ask::Body(MAX_OTHER_BYTES)
    }
}

impl From<Ask> for object_store::Extensions {
    fn from(ask: Ask) -> object_store::Extensions {
        let mut extensions = object_store::Extensions::new();
        extensions.insert(ask);
        extensions
    }
}
