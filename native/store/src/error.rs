use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::step::cause;
use crate::remote::RemoteFault;

/// Why an operation of a [`Store`](crate::store::Store) failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no recording with this id.
    #[error("no such recording")]
    NotFound,
    /// The recording's file does not hold a recording.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// Name of the file within the directory; bytes that are not UTF-8 are replaced.
        file: String,
        /// What is wrong, without anything of the file's contents.
        reason: String,
    },
    /// What was to be saved is not a recording.
    #[error("not a recording: {0}")]
    Recording(#[source] replay_etf::Error),
    /// What was to be saved is larger than [`Options::limits`](crate::options::Options::limits) allow, so
    /// that it could not be read back.
    #[error("{bytes} bytes, more than the limit of {max}")]
    TooLarge {
        /// Its size, uncompressed.
        bytes: usize,
        /// The limit, `max_bytes`.
        max: usize,
    },
    /// An option has a value outside its range.
    #[error("option {0} is out of range")]
    Option(&'static str),
    /// There is a recording with this id that is still running or waits to be saved.
    #[error("there is a running recording with this id")]
    AlreadyActive,
    /// A cursor is damaged, or belongs to another order than the query.
    #[error("not a cursor of this query")]
    Cursor,
    /// Everything would match, and what was asked for is not for everything.
    #[error("no filters")]
    NoFilters,
    /// The bucket is in the way.
    #[error("{0}")]
    Remote(RemoteFault),
    /// It can't be done without waiting; repeat it with [`Wait::Yes`](crate::slab::Wait::Yes).
    #[error("it would have to wait")]
    WouldBlock,
    /// The operating system refused.
    #[error("cannot {action}{at}: {source}", at = At(path.as_deref()))]
    Io {
        /// What was attempted.
        action: &'static str,
        /// With which file or directory, where that is not plain.
        path: Option<PathBuf>,
        /// The refusal.
        source: io::Error,
    },
}

impl Error {
    /// The operating system's error by its POSIX name in lower case, such as `"enospc"`; `"eio"`
    /// stands for those without a name here. `None` if the operating system is not the reason.
    pub fn posix(&self) -> Option<&'static str> {
        match self {
            Error::Io { source, .. } => Some(posix_name(source)),
            _ => None,
        }
    }

    /// Whether a save that failed so fails each time, as long as the store is open.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Error::Recording(_) | Error::TooLarge { .. })
    }

    /// For `map_err`: an I/O error that happened during `action`.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::refused(action, None, source)
    }

    /// For `map_err`: an I/O error that happened during `action` with this file or directory.
    pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::refused(action, Some(path), source)
    }

    fn refused(action: &'static str, path: Option<&Path>, source: io::Error) -> Error {
        // One that came through a call with I/O errors only says more by itself.
        source
            .downcast::<Error>()
            .unwrap_or_else(|source| Error::Io {
                action,
                path: path.map(Path::to_owned),
                source,
            })
    }
}

/// A path in a sentence, if there is one.
struct At<'a>(Option<&'a Path>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .map_or(Ok(()), |path| write!(f, " {}", path.display()))
    }
}

/// The POSIX name of an operating system's error, as [`Error::posix`] gives it.
pub fn posix_name(error: &io::Error) -> &'static str {
    let error = cause(error);
    let Some(number) = error.raw_os_error() else {
        return kind_name(error.kind());
    };
    match number {
        libc::EACCES => "eacces",
        libc::EBUSY => "ebusy",
        libc::EDQUOT => "edquot",
        libc::EEXIST => "eexist",
        libc::EFBIG => "efbig",
        libc::EINTR => "eintr",
        libc::EINVAL => "einval",
        libc::EISDIR => "eisdir",
        libc::ELOOP => "eloop",
        libc::EMFILE => "emfile",
        libc::ENAMETOOLONG => "enametoolong",
        libc::ENFILE => "enfile",
        libc::ENODEV => "enodev",
        libc::ENOENT => "enoent",
        libc::ENOMEM => "enomem",
        libc::ENOSPC => "enospc",
        libc::ENOTDIR => "enotdir",
        libc::ENOTSUP => "enotsup",
        libc::ENXIO => "enxio",
        libc::EPERM => "eperm",
        libc::EROFS => "erofs",
        libc::ESTALE => "estale",
        libc::ETIMEDOUT => "etimedout",
        libc::ETXTBSY => "etxtbsy",
        libc::EXDEV => "exdev",
        _ => "eio",
    }
}

/// For errors made in this process, which have no number.
fn kind_name(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::NotFound => "enoent",
        io::ErrorKind::PermissionDenied => "eacces",
        io::ErrorKind::AlreadyExists => "eexist",
        io::ErrorKind::InvalidInput => "einval",
        io::ErrorKind::NotADirectory => "enotdir",
        io::ErrorKind::IsADirectory => "eisdir",
        io::ErrorKind::ReadOnlyFilesystem => "erofs",
        io::ErrorKind::StorageFull => "enospc",
        io::ErrorKind::QuotaExceeded => "edquot",
        io::ErrorKind::FileTooLarge => "efbig",
        io::ErrorKind::OutOfMemory => "enomem",
        _ => "eio",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_operating_system_has_its_posix_name() {
        let name = |source| Error::io("test")(source).posix();
        assert_eq!(
            name(io::Error::from_raw_os_error(libc::ENOSPC)),
            Some("enospc")
        );
        assert_eq!(
            name(io::Error::from_raw_os_error(libc::EROFS)),
            Some("erofs")
        );
        assert_eq!(
            name(io::Error::from_raw_os_error(libc::ENOTTY)),
            Some("eio")
        );
        assert_eq!(name(io::ErrorKind::NotADirectory.into()), Some("enotdir"));
        assert_eq!(Error::NotFound.posix(), None);
    }

    #[test]
    fn a_refusal_names_the_step_and_the_path_through_other_errors_too() {
        let refused = || io::Error::from_raw_os_error(libc::ENOSPC);
        let inner = Error::at("write into", Path::new("/a/b"))(refused());
        let outer = Error::io("rewrite the index")(io::Error::other(inner));
        let text = "cannot write into /a/b: No space left on device (os error 28)";
        assert_eq!(outer.to_string(), text);
        assert_eq!(outer.posix(), Some("enospc"));
        let plain = Error::io("rewrite the index")(refused()).to_string();
        assert!(plain.starts_with("cannot rewrite the index: No space"));
    }
}
