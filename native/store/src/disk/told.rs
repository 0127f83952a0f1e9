//! What is told of changes to a directory, whoever tells.

/// Tells of what happens in a directory.
pub trait Watch: Send + Sync {
    /// Hands over what has been told since the last time. Never waits.
    ///
    /// Whatever was done before this is called, by any program, is included.
    fn read(&self, hear: &mut dyn FnMut(Told<'_>));
}

/// Something that happened in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// To a name in it: it was made, removed, moved from here or to here; or to the file behind
    /// it: whoever wrote to it has closed it, or it was given another mode. Twice if it happened
    /// twice.
    Name(&'a [u8]),
    /// To the directory itself, whose names are as they were.
    Itself,
    /// What was not told: too much of it, or the directory is at its place no more. It has to be
    /// watched anew.
    Lost,
}
