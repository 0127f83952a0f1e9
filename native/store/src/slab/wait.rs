/// Whether a call may wait for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It must not; where it would have to, it fails and is repeated where it may.
    Never,
    /// It may.
    Yes,
}
