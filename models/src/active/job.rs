//! Something to do.

pub(super) struct Job {
    pub(super) number: usize,
    /// Whether it fails the first time.
    pub(super) fails: bool,
}
