use std::io;
use std::path::{Path, PathBuf};

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
pub(crate) fn at<'p>(
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
