//! Whether the bucket can be spoken to, and when it is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use replay_store::RemoteFault;

use crate::fault::{Fault, FaultKind};

/// Before it is tried again for the first time. Doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const MAX_PAUSE: Duration = Duration::from_secs(60);

/// What is asked of a bucket: one may be refused, and another not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Put,
    Delete,
    /// Some recordings, while others are put there.
    Recordings,
}

/// Since when one of these is refused, and why.
#[derive(Debug)]
struct Outage {
    access: Access,
    fault: RemoteFault,
    since: Instant,
    failed_at: Instant,
    pause: Duration,
    again_at: Instant,
}

/// What of the bucket is away, the first that was at the front.
#[derive(Debug, Default)]
pub(super) struct Away(Mutex<Vec<Outage>>);

impl Away {
    /// A request failed. Returns whether all of the bucket was there before.
    pub(super) fn failed(&self, access: Access, fault: RemoteFault) -> bool {
        let now = Instant::now();
        let mut outages = self.0.lock();
        if let Some(known) = outages.iter_mut().find(|it| it.access == access) {
            // Several requests that were under way at once are one failure.
            if now >= known.again_at {
                known.pause = (known.pause * 2).min(MAX_PAUSE);
            }
            known.fault = fault;
            known.failed_at = now;
            known.again_at = now + jittered(known.pause);
            return false;
        }
        outages.push(Outage {
            access,
            fault,
            since: now,
            failed_at: now,
            pause: FIRST_PAUSE,
            again_at: now + jittered(FIRST_PAUSE),
        });
        outages.len() == 1
    }

    /// A request was answered. Returns whether one like it was refused before and, if so, whether all
    /// of the bucket is there now.
    pub(super) fn answered(&self, access: Access) -> Option<bool> {
        let mut outages = self.0.lock();
        let before = outages.len();
        outages.retain(|it| it.access != access);
        if outages.len() == before {
            return None;
        }
        if access == Access::Read {
            // It was as a whole, and so it is tried as a whole.
            outages.iter_mut().for_each(Outage::hurry);
        }
        Some(outages.is_empty())
    }

    /// Why some of it is away, and for how long that has been so.
    pub(super) fn status(&self) -> Option<(RemoteFault, Duration)> {
        let outages = self.0.lock();
        let first = outages.first();
        first.map(|it| (it.fault, it.since.elapsed()))
    }

    /// Why one of these is refused, if it is.
    pub(super) fn refuses(&self, accesses: &[Access]) -> Option<RemoteFault> {
        let outages = self.0.lock();
        let refused = outages.iter().find(|it| accesses.contains(&it.access));
        refused.map(|it| it.fault)
    }

    /// Why reading is refused, if that was found out just now: whoever waits for it need not try.
    pub(super) fn just_failed(&self) -> Option<RemoteFault> {
        let outages = self.0.lock();
        let recent = outages
            .iter()
            .find(|it| it.access == Access::Read && it.failed_at.elapsed() < FIRST_PAUSE * 5);
        recent.map(|it| it.fault)
    }

    /// How long one of these is not to be tried yet.
    pub(super) fn pause(&self, accesses: &[Access]) -> Duration {
        let now = Instant::now();
        let outages = self.0.lock();
        let refused = outages.iter().filter(|it| accesses.contains(&it.access));
        let pauses = refused.map(|it| it.again_at.saturating_duration_since(now));
        pauses.max().unwrap_or_default()
    }

    /// It is tried at once.
    pub(super) fn hurry(&self) {
        self.0.lock().iter_mut().for_each(Outage::hurry);
    }
}

impl Outage {
    fn hurry(&mut self) {
        self.again_at = Instant::now();
    }
}

/// Between half of a pause and all of it, so that nodes do not come back all at once.
fn jittered(pause: Duration) -> Duration {
    // Keys of the standard library's hash maps are random.
    let random = RandomState::new().hash_one(0_u8) % 1_000;
    pause / 2 + pause / 2 * u32::try_from(random).unwrap_or(0) / 1_000
}

/// What a fault is to the store.
pub(super) fn remote_fault(fault: &Fault) -> RemoteFault {
    match fault.kind() {
        FaultKind::Unavailable | FaultKind::Stopped => RemoteFault::Unavailable,
        FaultKind::Throttled => RemoteFault::Throttled,
        FaultKind::Denied => RemoteFault::Denied,
        FaultKind::NoBucket => RemoteFault::NoBucket,
        FaultKind::NotFound => RemoteFault::NotFound,
        FaultKind::TooLarge => RemoteFault::TooLarge,
        FaultKind::Exists | FaultKind::Invalid => RemoteFault::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_begin_anew() {
        let away = Away::default();
        let pause = || away.pause(&[Access::Read]);
        assert_eq!(pause(), Duration::ZERO);
        assert!(away.failed(Access::Read, RemoteFault::Unavailable));
        let again = away.failed(Access::Read, RemoteFault::Denied);
        assert!(!again, "it was away already");
        assert!(pause() <= FIRST_PAUSE);
        for _ in 0..12 {
            away.hurry();
            away.failed(Access::Read, RemoteFault::Denied);
        }
        assert!(
            pause() <= MAX_PAUSE && pause() > MAX_PAUSE / 3,
            "{:?}",
            pause()
        );
        assert_eq!(away.status().unwrap().0, RemoteFault::Denied);
        assert_eq!(away.just_failed(), Some(RemoteFault::Denied));
        assert_eq!(away.answered(Access::Read), Some(true));
        assert_eq!(away.answered(Access::Read), None);
        assert_eq!((pause(), away.status()), (Duration::ZERO, None));
    }

    #[test]
    fn what_is_refused_is_not_ended_by_another_answer() {
        use Access::{Delete, Put, Read};
        let away = Away::default();
        assert!(away.failed(Put, RemoteFault::Denied));
        assert_eq!(away.answered(Read), None);
        assert_eq!(away.just_failed(), None, "it can be read");
        assert!(!away.failed(Read, RemoteFault::Unavailable));
        assert!(!away.failed(Delete, RemoteFault::Throttled));
        assert_eq!(away.status().unwrap().0, RemoteFault::Denied, "the first");
        assert_eq!(away.refuses(&[Delete]), Some(RemoteFault::Throttled));
        assert_eq!(away.refuses(&[Access::Recordings]), None);
        assert!(away.pause(&[Put, Delete]) > Duration::ZERO);
        assert_eq!(away.answered(Read), Some(false));
        assert_eq!(away.pause(&[Put, Delete]), Duration::ZERO, "at once");
        assert_eq!(away.answered(Delete), Some(false));
        assert_eq!(away.answered(Put), Some(true));
        assert_eq!(away.status(), None);
    }
}
