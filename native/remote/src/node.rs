//! What a node says of itself.

use bytes::Bytes;

use crate::fault::Fault;
use crate::key::Tag;
use crate::wire::{Kind, Reader, Writer};

/// Bytes of a version's text.
const MAX_VERSION_BYTES: usize = 64;

const KIND: Kind = Kind {
    magic: *b"PRnd",
    version: 1,
    max_bytes: 1024,
    flaw: "an object that is named as a node's is none, or of a later version",
};

/// A node is there: the content of [`Key::Node`](crate::Key::Node).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Differs for each run of a node.
    pub run: Tag,
    /// When the run began, in milliseconds by the bucket's clock.
    pub since_ms: u64,
    /// Its version of this library; what is beyond 64 bytes is not written.
    pub version: String,
}

impl Presence {
    /// Bytes of the largest such object.
    pub const MAX_BYTES: u64 = KIND.max_bytes as u64;

    /// The object's bytes.
    pub fn encode(&self) -> Bytes {
        let mut out = Writer::default();
        out.u128(self.run.0);
        out.u64(self.since_ms);
        let end = self.version.floor_char_boundary(MAX_VERSION_BYTES);
        out.bytes(self.version.as_bytes().get(..end).unwrap_or_default());
        // It is never too large.
        KIND.seal(out).unwrap_or_default()
    }

    /// Reads what [`Presence::encode`] wrote.
    ///
    /// # Errors
    ///
    /// A fault of the kind [`Invalid`](crate::FaultKind::Invalid).
    pub fn decode(bytes: &[u8]) -> Result<Presence, Fault> {
        KIND.open(bytes, Presence::read)
    }

    fn read(from: &mut Reader<'_>) -> Option<Presence> {
        Some(Presence {
            run: Tag(from.u128()?),
            since_ms: from.u64()?,
            version: String::from_utf8(from.bytes()?.to_vec())
                .ok()
                .filter(|it| it.len() <= MAX_VERSION_BYTES)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_version_is_cut_between_letters() {
        let presence = Presence {
            run: Tag(1),
            since_ms: 2,
            version: "é".repeat(40) + "!",
        };
        let read = Presence::decode(&presence.encode()).unwrap();
        assert_eq!(read.version, "é".repeat(32));
    }

    proptest! {
        #[test]
        fn it_comes_back_unless_damaged(
            run: u128,
            since_ms: u64,
            version in "[ -~]{0,64}",
            at: proptest::sample::Index,
            bit in 0..8_u32,
        ) {
            let presence = Presence { run: Tag(run), since_ms, version };
            let bytes = presence.encode();
            let at = at.index(bytes.len());
            prop_assert_eq!(Presence::decode(&bytes), Ok(presence));
            prop_assert!(Presence::decode(&bytes[..at]).is_err());
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            prop_assert!(Presence::decode(&flipped).is_err());
        }
    }
}
