use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize};

use replay_etf::{EventCounts, EventKind};

/// What is counted about a recording's events, so that a summary needs no look at them.
///
/// Only the one who appends changes it, and anyone can read it at any time. The numbers are each
/// right but may be a moment apart.
#[derive(Debug, Default)]
pub(super) struct Tally {
    mount: AtomicU32,
    event: AtomicU32,
    handle_params: AtomicU32,
    info: AtomicU32,
    assigns: AtomicU32,
    other: AtomicU32,
    appended: AtomicU32,
    duration_ms: AtomicI64,
    bytes: AtomicUsize,
}

impl Tally {
    /// Starts with the events a recording begins with, and its size.
    pub(super) fn new(counts: EventCounts, duration_ms: i64, bytes: usize) -> Self {
        Tally {
            mount: counts.mount.into(),
            event: counts.event.into(),
            handle_params: counts.handle_params.into(),
            info: counts.info.into(),
            assigns: counts.assigns.into(),
            other: counts.other.into(),
            appended: 0.into(),
            duration_ms: duration_ms.into(),
            bytes: bytes.into(),
        }
    }

    /// Counts one more event. Only one thread at a time may.
    pub(super) fn add(&self, offset_ms: i64, kind: EventKind, bytes: usize) {
        let count = match kind {
            EventKind::Mount => &self.mount,
            EventKind::Event => &self.event,
            EventKind::HandleParams => &self.handle_params,
            EventKind::Info => &self.info,
            EventKind::Assigns => &self.assigns,
            _ => &self.other,
        };
        // One writer: a load and a store are cheaper than an atomic addition.
        count.store(count.load(Relaxed).saturating_add(1), Relaxed);
        self.appended
            .store(self.appended.load(Relaxed).saturating_add(1), Relaxed);
        self.duration_ms.store(offset_ms, Relaxed);
        self.bytes
            .store(self.bytes.load(Relaxed).saturating_add(bytes), Relaxed);
    }

    pub(super) fn counts(&self) -> EventCounts {
        EventCounts {
            mount: self.mount.load(Relaxed),
            event: self.event.load(Relaxed),
            handle_params: self.handle_params.load(Relaxed),
            info: self.info.load(Relaxed),
            assigns: self.assigns.load(Relaxed),
            other: self.other.load(Relaxed),
        }
    }

    /// Events that were added.
    pub(super) fn appended(&self) -> u32 {
        self.appended.load(Relaxed)
    }

    /// Offset of the last event, 0 without events.
    pub(super) fn duration_ms(&self) -> i64 {
        self.duration_ms.load(Relaxed)
    }

    /// Size of the whole recording, encoded.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }
}
