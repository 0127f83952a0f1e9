use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock in nanoseconds since the Unix epoch, the scale of [`Stamp::modified_ns`](super::Stamp::modified_ns).
pub(crate) fn wall_ns() -> i64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}

/// The wall clock, in the scale of `connected_at`.
pub(crate) fn now_ms() -> i64 {
    wall_ns() / 1_000_000
}
