/// What became of the recordings that were waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// So many were saved.
    pub saved: usize,
    /// So many were not worth keeping.
    pub dropped: usize,
    /// So many are still waiting. Nothing of them is lost: they are saved when the reason is
    /// gone, or after the next start.
    pub left: usize,
}
