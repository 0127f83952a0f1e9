use std::io;
use std::path::Path;
use std::process::ExitCode;

/// What a verb came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// What was asked for is done, and there was something.
    Done,
    /// Nothing was found, or something is damaged.
    Nothing,
}

impl Outcome {
    /// Whether there was something.
    pub fn of(found: bool) -> Self {
        if found {
            Outcome::Done
        } else {
            Outcome::Nothing
        }
    }

    /// Of the process.
    pub fn code(self) -> ExitCode {
        match self {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::Nothing => ExitCode::from(1),
        }
    }
}

/// Why a verb was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was not asked for properly.
    #[error("{0}")]
    Usage(String),
    /// The engine could not.
    #[error(transparent)]
    Store(#[from] replay_store::Error),
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What, with which file.
        action: String,
        /// The refusal.
        source: io::Error,
    },
    /// It would not do what it seems to.
    #[error("{0}")]
    Refused(String),
    /// Something could not be done, and has been told.
    #[error("{0}")]
    Partly(String),
    /// Nobody takes the output any more, or it can't be written.
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// For `map_err`: an I/O error that happened during `action` with this file.
    pub fn at(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Failure {
        let action = format!("{action} {}", crate::text::path(path));
        move |source| Failure::Io { action, source }
    }

    /// Says why on the standard error, and how the process ends. That a reader of the output has
    /// seen enough is none.
    pub fn report(&self) -> ExitCode {
        match self {
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                return ExitCode::SUCCESS;
            }
            _ => {}
        }
        crate::output::complain(&format!(
            "replay: {}",
            crate::text::plain(&self.to_string())
        ));
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Store(replay_store::Error::NotFound) => ExitCode::from(1),
            _ => ExitCode::from(3),
        }
    }
}
