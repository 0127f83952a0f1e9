//! Whether the bucket can be spoken to, and when it is tried again.

use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use replay_store::RemoteFault;

use crate::fault::{Fault, FaultKind};

/// Before it is tried again for the first time. Doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Since when it is away, and why.
#[derive(Debug)]
struct Outage {
    fault: RemoteFault,
    since: Instant,
    failed_at: Instant,
    pause: Duration,
    again_at: Instant,
}

/// Whether the bucket is away.
#[derive(Debug, Default)]
pub(super) struct Away(Mutex<Option<Outage>>);

impl Away {
    /// A request failed. Returns whether the bucket was there before.
    pub(super) fn failed(&self, fault: RemoteFault) -> bool {
        let now = Instant::now();
        let mut outage = self.0.lock();
        let (since, pause) = match &*outage {
            // Several requests that were under way at once are one failure.
            Some(known) if now < known.again_at => (known.since, known.pause),
            Some(known) => (known.since, (known.pause * 2).min(MAX_PAUSE)),
            None => (now, FIRST_PAUSE),
        };
        let is_new = outage.is_none();
        let again_at = now + jittered(pause);
        *outage = Some(Outage {
            fault,
            since,
            failed_at: now,
            pause,
            again_at,
        });
        is_new
    }

    /// A request was answered. Returns whether the bucket was away before.
    pub(super) fn answered(&self) -> bool {
        self.0.lock().take().is_some()
    }

    /// Why it is away, and for how long it has been.
    pub(super) fn status(&self) -> Option<(RemoteFault, Duration)> {
        let outage = self.0.lock();
        outage.as_ref().map(|it| (it.fault, it.since.elapsed()))
    }

    /// Why it is away, if that was found out just now: whoever waits for it need not try.
    pub(super) fn just_failed(&self) -> Option<RemoteFault> {
        let outage = self.0.lock();
        let recent = outage
            .as_ref()
            .filter(|it| it.failed_at.elapsed() < FIRST_PAUSE * 5);
        recent.map(|it| it.fault)
    }

    /// How long it is not to be tried yet.
    pub(super) fn pause(&self) -> Duration {
        let outage = self.0.lock();
        let again_at = outage.as_ref().map(|it| it.again_at);
        again_at.map_or(Duration::ZERO, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    /// It is tried at once.
    pub(super) fn hurry(&self) {
        if let Some(outage) = &mut *self.0.lock() {
            outage.again_at = Instant::now();
        }
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
        assert_eq!(away.pause(), Duration::ZERO);
        assert!(away.failed(RemoteFault::Unavailable));
        assert!(!away.failed(RemoteFault::Denied), "it was away already");
        assert!(away.pause() <= FIRST_PAUSE);
        for _ in 0..12 {
            away.hurry();
            away.failed(RemoteFault::Denied);
        }
        let pause = away.pause();
        assert!(pause <= MAX_PAUSE && pause > MAX_PAUSE / 3, "{pause:?}");
        assert_eq!(away.status().unwrap().0, RemoteFault::Denied);
        assert_eq!(away.just_failed(), Some(RemoteFault::Denied));
        assert!(away.answered() && !away.answered());
        assert_eq!((away.pause(), away.status()), (Duration::ZERO, None));
    }
}
