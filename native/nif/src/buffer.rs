//! Memory that is used again: fresh memory costs page faults, more than half
//! as much as encoding a term to it does.

use std::cell::Cell;

/// A buffer larger than this is freed after use.
const MAX_KEPT: usize = 4 << 20;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Takes the calling thread's buffer, with whatever is in it.
pub fn take() -> Vec<u8> {
    BUFFER.take()
}

/// Keeps a buffer for the calling thread's next use.
pub fn keep(buffer: Vec<u8>) {
    if buffer.capacity() <= MAX_KEPT {
        BUFFER.set(buffer);
    }
}
