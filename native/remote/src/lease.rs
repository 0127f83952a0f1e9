//! Who deletes what is beyond the limits: one node at a time, for a while.

use bytes::Bytes;

use crate::bucket::{Bucket, ETag};
use crate::fault::{Fault, FaultKind};
use crate::key::{Key, Name, Tag};
use crate::wire::{Kind, Reader, Writer};

const KIND: Kind = Kind {
    magic: *b"PRls",
    version: 1,
    max_bytes: 1024,
    flaw: "an object that is named as a lease is none, or of a later version",
};

/// Who may hold a lease: a node, in one of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The node.
    pub node: Name,
    /// Differs for each run of it.
    pub run: Tag,
}

/// A lease as it stands in the bucket, under [`Key::Lease`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who has it.
    pub holder: Holder,
    /// Grows by one each time that someone else gets it.
    pub fence: u64,
    /// Until when, in milliseconds by the bucket's clock; 0 if it was given back.
    pub until_ms: u64,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the asker's.
    Held(Lease),
    /// It is another's, or was a moment ago.
    Others(Lease),
}

/// What is in the bucket.
struct Found {
    /// `None` if there is nothing, or nothing that can be read: whoever wrote that holds nothing.
    lease: Option<Lease>,
    /// `None` if there is nothing.
    version: Option<Option<ETag>>,
}

impl Lease {
    /// Takes the lease if it is free, has run out, or is this holder's already.
    ///
    /// Where the server ignores `If-None-Match` and `If-Match`, two may hold it at once, until the
    /// first of them renews it.
    ///
    /// # Errors
    ///
    /// What [`Bucket::read`] and [`Bucket::put`] say. The lease may be the asker's all the same.
    pub fn try_take(
        bucket: &Bucket,
        holder: &Holder,
        now_ms: u64,
        for_ms: u64,
    ) -> Result<Claim, Fault> {
        let found = Found::read(bucket)?;
        let fence = match &found.lease {
            Some(lease) if lease.holder == *holder => lease.fence,
            Some(lease) if lease.until_ms > now_ms => return Ok(Claim::Others(lease.clone())),
            Some(lease) => lease.fence.saturating_add(1),
            None => 1,
        };
        let lease = Lease {
            holder: holder.clone(),
            fence,
            until_ms: now_ms.saturating_add(for_ms),
        };
        lease.write(bucket, &found)
    }

    /// Takes it for longer, if it is still this one, whether or not it has run out.
    ///
    /// # Errors
    ///
    /// As [`Lease::try_take`].
    pub fn renew(&self, bucket: &Bucket, now_ms: u64, for_ms: u64) -> Result<Claim, Fault> {
        let found = Found::read(bucket)?;
        match &found.lease {
            Some(lease) if self.is_still(lease) => {
                let lease = Lease {
                    until_ms: now_ms.saturating_add(for_ms),
                    ..self.clone()
                };
                lease.write(bucket, &found)
            }
            Some(lease) => Ok(Claim::Others(lease.clone())),
            None => Lease::try_take(bucket, &self.holder, now_ms, for_ms),
        }
    }

    /// Gives it back, if it is still this one. The fence stays for whoever is next.
    ///
    /// # Errors
    ///
    /// As [`Lease::try_take`].
    pub fn release(self, bucket: &Bucket) -> Result<(), Fault> {
        let found = Found::read(bucket)?;
        if found.lease.as_ref().is_some_and(|it| self.is_still(it)) {
            let lease = Lease {
                until_ms: 0,
                ..self
            };
            lease.write(bucket, &found)?;
        }
        Ok(())
    }

    fn is_still(&self, lease: &Lease) -> bool {
        (&self.holder, self.fence) == (&lease.holder, lease.fence)
    }

    /// Writes it in the place of what was found, and looks what is there then.
    fn write(self, bucket: &Bucket, found: &Found) -> Result<Claim, Fault> {
        let bytes = self.encode();
        let written = match &found.version {
            None => bucket.put_new(&Key::Lease, bytes),
            Some(Some(version)) => bucket.put_over(&Key::Lease, version, bytes),
            Some(None) => bucket.put(&Key::Lease, bytes),
        };
        match written {
            Err(fault) if fault.kind() != FaultKind::Exists => return Err(fault),
            _ => (),
        }
        let stands = Found::read(bucket)?.lease;
        match stands {
            Some(lease) if lease == self => Ok(Claim::Held(lease)),
            Some(lease) => Ok(Claim::Others(lease)),
            None => Err(Fault::unavailable("the lease vanished")),
        }
    }

    fn encode(&self) -> Bytes {
        let mut out = Writer::default();
        out.bytes(self.holder.node.as_bytes());
        out.u128(self.holder.run.0);
        out.u64(self.fence);
        out.u64(self.until_ms);
        // It is never too large.
        KIND.seal(out).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Result<Lease, Fault> {
        KIND.open(bytes, |from: &mut Reader<'_>| {
            Some(Lease {
                holder: Holder {
                    node: Name::new(from.bytes()?)?,
                    run: Tag(from.u128()?),
                },
                fence: from.u64()?,
                until_ms: from.u64()?,
            })
        })
    }
}

impl Found {
    fn read(bucket: &Bucket) -> Result<Found, Fault> {
        match bucket.read(&Key::Lease, KIND.max_bytes as u64) {
            Ok(object) => Ok(Found {
                lease: Lease::decode(&object.bytes).ok(),
                version: Some(object.meta.e_tag),
            }),
            Err(fault) if fault.kind() == FaultKind::NotFound => Ok(Found {
                lease: None,
                version: None,
            }),
            // Not ours, and so nobody's.
            Err(fault) if fault.kind() == FaultKind::TooLarge => Ok(Found {
                lease: None,
                version: Some(None),
            }),
            Err(fault) => Err(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_comes_back_unless_damaged(
            node in "[a-z@.]{1,40}",
            run: u128,
            fence: u64,
            until_ms: u64,
            at: proptest::sample::Index,
            bit in 0..8_u32,
        ) {
            let node = Name::new(node.into_bytes()).unwrap();
            let holder = Holder { node, run: Tag(run) };
            let lease = Lease { holder, fence, until_ms };
            let bytes = lease.encode();
            let at = at.index(bytes.len());
            prop_assert_eq!(Lease::decode(&bytes), Ok(lease));
            prop_assert!(Lease::decode(&bytes[..at]).is_err());
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            prop_assert!(Lease::decode(&flipped).is_err());
        }
    }
}
