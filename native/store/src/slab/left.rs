use std::sync::atomic::AtomicU8;

/// What is known of a segment of an earlier run.
pub(super) struct Left {
    /// The pages of the file that can't be read, in order.
    pub(super) bad: Vec<usize>,
    pub(super) fate: AtomicU8,
}

/// What becomes of a file once nothing in it is in use; the larger one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is deleted.
    Delete = 0,
    /// It is renamed: what it still holds can't be put together any more.
    SetAside = 1,
    /// It stays, to be read another time.
    Stay = 2,
}
