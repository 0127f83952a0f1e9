use std::num::NonZero;
use std::thread;
use std::time::Duration;

/// Where in the word before a payload its kind is: the length has 28 bits.
pub(super) const KIND_SHIFT: u32 = 28;

/// Bytes of the largest payload that a frame has room for.
pub(super) const MAX_PAYLOAD: usize = (1 << KIND_SHIFT) - 1;

/// How a slab works.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Size of a segment without its header page: a power of two of at least a page. One frame
    /// that needs more gets a larger one.
    pub(crate) segment_bytes: usize,
    /// Largest payload of a frame.
    pub(crate) max_frame: usize,
    /// How long a segment beyond the reserve may be unused before it is deleted.
    pub(crate) idle: Duration,
    /// How long nothing may be in use before the reserve is deleted too.
    pub(crate) rest: Duration,
    /// Threads that read what an earlier run left behind.
    pub(crate) threads: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            segment_bytes: 8 << 20,
            max_frame: MAX_PAYLOAD,
            idle: Duration::from_secs(5),
            rest: Duration::from_secs(30),
            threads: thread::available_parallelism().map_or(1, NonZero::get),
        }
    }
}
