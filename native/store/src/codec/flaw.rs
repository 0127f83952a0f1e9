use replay_etf::ErrorKind;

use super::Error;

/// Why a file's content is not a recording.
///
/// The texts are made of numbers and fixed words only: they end up in logs, where nothing of a
/// recording belongs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("the file is empty")]
    Empty,
    #[error("larger than the limit")]
    TooLarge,
    #[error("{0}: {1}")]
    Packed(&'static str, Error),
    #[error("{0}")]
    Recording(replay_etf::Error),
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    #[error("the reader failed")]
    Panic,
    #[error("the index knows something else of it")]
    Unexpected,
}

impl From<replay_etf::Error> for Flaw {
    fn from(error: replay_etf::Error) -> Self {
        match error.kind {
            ErrorKind::TooLarge => Flaw::TooLarge,
            _ => Flaw::Recording(error),
        }
    }
}
