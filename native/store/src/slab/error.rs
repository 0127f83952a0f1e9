use std::io;

/// Why an event could not be appended. What was appended before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The recording has ended.
    #[error("the recording has ended")]
    Ended,
    /// The recording has as many events, or bytes, as it may have.
    #[error("the recording is full")]
    Full,
    /// The recording belongs to somebody else already.
    #[error("the recording has another subject")]
    HasSubject,
    /// What was appended is not an event.
    #[error("not an event")]
    NotAnEvent,
    /// The event is larger than one may be.
    #[error("{0} bytes, more than the limit of {1}")]
    TooLarge(usize, usize),
    /// Somebody else has taken over the recording, and given up what was here of it.
    #[error("another engine has taken over the recording")]
    Lost,
    /// It can't be done without waiting; repeat it with [`Wait::Yes`](crate::slab::Wait::Yes).
    #[error("it would have to wait")]
    WouldBlock,
    /// The operating system refused more space. A later attempt may succeed.
    #[error("cannot grow the slab: {0}")]
    Io(#[from] io::Error),
}
