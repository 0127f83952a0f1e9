use std::io;
use std::path::{Path, PathBuf};

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
    /// What was appended is not an event.
    #[error("not an event")]
    NotAnEvent,
    /// The event is larger than one may be.
    #[error("{0} bytes, more than the limit of {1}")]
    TooLarge(usize, usize),
    /// Somebody else has taken over the recording, and given up what was here of it.
    #[error("another engine has taken over the recording")]
    Lost,
    /// It can't be done without waiting; repeat it with [`Wait::Yes`](crate::Wait::Yes).
    #[error("it would have to wait")]
    WouldBlock,
    /// The operating system refused more space. A later attempt may succeed.
    #[error("cannot grow the slab: {0}")]
    Io(#[from] io::Error),
}

/// An error of the operating system, with what was attempted and where.
#[derive(Debug, thiserror::Error)]
#[error("{step} {}: {source}", path.display())]
struct At {
    step: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// For `map_err`: the error says that it happened during `step` at `path`, and is of the same
/// kind; [`cause`] finds it again.
pub(super) fn at<'p>(
    step: &'static str,
    path: &'p Path,
) -> impl FnOnce(io::Error) -> io::Error + 'p {
    move |source| {
        let (kind, path) = (source.kind(), path.to_owned());
        io::Error::new(kind, At { step, path, source })
    }
}

/// What the operating system said.
pub(crate) fn cause(error: &io::Error) -> &io::Error {
    let within = error.get_ref().and_then(|inner| inner.downcast_ref::<At>());
    within.map_or(error, |at| &at.source)
}
