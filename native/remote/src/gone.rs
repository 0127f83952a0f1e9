//! A tombstone: what is deleted, for every node to see.

use std::fmt;

use bytes::Bytes;

use crate::fault::Fault;
use crate::key::{Name, Time};
use crate::wire::{Kind, Reader, Writer};

/// Ids that one tombstone can name.
pub const MAX_GONE_IDS: usize = 100_000;
/// Bytes of a tombstone.
pub const MAX_GONE_BYTES: usize = 16 << 20;

const KIND: Kind = Kind {
    magic: *b"PRgn",
    version: 1,
    max_bytes: MAX_GONE_BYTES,
    flaw: "an object that is named as a tombstone is none, or of a later version",
};

/// Recordings that are deleted, as of a time: the content of [`Key::Gone`](crate::Key::Gone).
#[derive(Clone, PartialEq, Eq)]
pub struct Gone {
    /// By the bucket's clock: objects with these ids up to this time are deleted, later ones not.
    pub effective: Time,
    /// The node that deleted them.
    pub origin: Name,
    /// Ids of recordings.
    pub ids: Vec<Vec<u8>>,
    /// The filter that chose them, opaque here.
    pub filter: Option<Vec<u8>>,
}

impl Gone {
    /// The object's bytes; `None` if there are more ids than [`MAX_GONE_IDS`] or more bytes than
    /// [`MAX_GONE_BYTES`].
    pub fn encode(&self) -> Option<Bytes> {
        let count = u32::try_from(self.ids.len()).ok()?;
        if self.ids.len() > MAX_GONE_IDS {
            return None;
        }
        let mut out = Writer::default();
        out.u64(self.effective.ms());
        out.bytes(self.origin.as_bytes());
        out.u32(count);
        self.ids.iter().for_each(|id| out.bytes(id));
        out.u32(u32::from(self.filter.is_some()));
        if let Some(filter) = &self.filter {
            out.bytes(filter);
        }
        KIND.seal(out)
    }

    /// Reads what [`Gone::encode`] wrote.
    ///
    /// # Errors
    ///
    /// A fault of the kind [`Invalid`](crate::FaultKind::Invalid).
    pub fn decode(bytes: &[u8]) -> Result<Gone, Fault> {
        KIND.open(bytes, Gone::read)
    }

    fn read(from: &mut Reader<'_>) -> Option<Gone> {
        let effective = Time::from_ms(from.u64()?)?;
        let origin = Name::new(from.bytes()?)?;
        let count = from.u32()? as usize;
        if count > MAX_GONE_IDS {
            return None;
        }
        // Not reserved by `count`, which may be more than there are bytes for.
        let ids = (0..count)
            .map(|_| from.bytes().map(<[u8]>::to_vec))
            .collect::<Option<_>>()?;
        let filter = match from.u32()? {
            0 => None,
            1 => Some(from.bytes()?.to_vec()),
            _ => return None,
        };
        Some(Gone {
            effective,
            origin,
            ids,
            filter,
        })
    }
}

/// Without the ids and the filter: those are of recordings.
impl fmt::Debug for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gone")
            .field("effective", &self.effective)
            .field("origin", &self.origin)
            .field("ids", &self.ids.len())
            .field("filter", &self.filter.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn gone(ids: Vec<Vec<u8>>, filter: Option<Vec<u8>>) -> Gone {
        Gone {
            effective: Time::from_ms(1_790_000_000_123).unwrap(),
            origin: Name::new(*b"app@host").unwrap(),
            ids,
            filter,
        }
    }

    #[test]
    fn one_that_is_too_large_is_not_written() {
        assert!(gone(vec![vec![]; MAX_GONE_IDS], None).encode().is_some());
        assert!(
            gone(vec![vec![]; MAX_GONE_IDS + 1], None)
                .encode()
                .is_none()
        );
        let fits = MAX_GONE_BYTES - gone(vec![vec![]], None).encode().unwrap().len();
        assert!(gone(vec![vec![7; fits]], None).encode().is_some());
        assert!(gone(vec![vec![7; fits + 1]], None).encode().is_none());
    }

    #[test]
    fn nothing_of_a_recording_is_shown() {
        let shown = format!(
            "{:?}",
            gone(vec![b"an-id".to_vec()], Some(b"user 7".to_vec()))
        );
        assert!(
            !shown.contains("an-id") && !shown.contains("user"),
            "{shown}"
        );
    }

    #[test]
    fn it_is_written_as_ever() {
        let bytes = gone(vec![b"a".to_vec()], Some(b"f".to_vec()))
            .encode()
            .unwrap();
        assert_eq!(bytes[..5], *b"PRgn\x01");
        assert_eq!(
            bytes[13..],
            *b"\x7b\x6c\x50\xc4\xa0\x01\0\0\x08\0\0\0app@host\x01\0\0\0\x01\0\0\0a\x01\0\0\0\x01\0\0\0f"
        );
    }

    proptest! {
        #[test]
        fn it_comes_back(ids in vec(vec(any::<u8>(), 0..30), 0..20), filter: Option<Vec<u8>>) {
            let gone = gone(ids, filter);
            prop_assert_eq!(Gone::decode(&gone.encode().unwrap()), Ok(gone));
        }

        #[test]
        fn what_is_damaged_is_refused(
            ids in vec(vec(any::<u8>(), 0..9), 0..4),
            at: proptest::sample::Index,
            bit in 0..8_u32,
        ) {
            let bytes = gone(ids, Some(vec![1])).encode().unwrap();
            let at = at.index(bytes.len());
            prop_assert!(Gone::decode(&bytes[..at]).is_err());
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            prop_assert!(Gone::decode(&flipped).is_err());
            let longer = [&bytes[..], b"x"].concat();
            prop_assert!(Gone::decode(&longer).is_err());
        }

        /// A checksum does not keep away who means harm.
        #[test]
        fn hostile_payloads_do_no_harm(payload in vec(any::<u8>(), 0..200), count: u32) {
            let mut out = Writer::default();
            out.u64(1_790_000_000_123);
            out.bytes(b"n");
            out.u32(count);
            payload.iter().for_each(|it| out.u32((*it).into()));
            let _ = Gone::decode(&KIND.seal(out).unwrap());
        }
    }
}
