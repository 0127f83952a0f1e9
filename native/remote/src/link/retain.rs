//! Which node deletes what is beyond the limits.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::away::Access;
use super::shared::Shared;
use crate::fault::Fault;
use crate::lease::{Claim, Holder, Lease};

/// How long a node has the lease if it does not ask again.
const LEASE_MS: u64 = 90_000;

/// How often it asks.
const EVERY: Duration = Duration::from_secs(30);

/// The lease, if this node has it.
#[derive(Default)]
pub(super) struct Retaining {
    lease: Option<Lease>,
    asked_at: Option<Instant>,
}

impl Retaining {
    /// Asks for the lease, if that is due, and if there are limits.
    pub(super) fn step(&mut self, shared: &Shared) -> Result<(), Fault> {
        let is_due = self.asked_at.is_none_or(|at| at.elapsed() >= EVERY);
        if !is_due || !shared.tier.has_limits() {
            return Ok(());
        }
        let holder = Holder {
            node: shared.node.clone(),
            run: shared.run,
        };
        let now = u64::try_from(shared.clock.now_ms()).unwrap_or(0);
        let claim = match &self.lease {
            Some(lease) => lease.renew(&shared.bucket, now, LEASE_MS),
            None => Lease::try_take(&shared.bucket, &holder, now, LEASE_MS),
        };
        let claim = match &claim {
            Ok(Claim::Others(_)) => shared.heard(claim),
            _ => shared.heard_of(Access::Put, claim),
        };
        self.asked_at = Some(Instant::now());
        let (lease, result) = match claim {
            Ok(Claim::Held(lease)) => (Some(lease), Ok(())),
            Ok(Claim::Others(_)) => (None, Ok(())),
            Err(fault) => (None, Err(fault)),
        };
        self.lease = lease;
        let held = self.lease.is_some();
        if held != shared.is_retaining.swap(held, Relaxed) {
            shared.tier.check_limits();
        }
        result
    }

    /// Gives the lease back, for others not to have to wait.
    pub(super) fn end(&mut self, shared: &Shared) {
        shared.is_retaining.store(false, Relaxed);
        if let Some(lease) = self.lease.take()
            && shared.away.status().is_none()
        {
            // Otherwise it runs out.
            let _ = lease.release(&shared.bucket);
        }
    }
}
