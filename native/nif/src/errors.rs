//! Typed errors → `{:error, reason}`, as `PhoenixReplay.Native.Error` lists
//! them. A reason is an atom or `{atom, detail}`, never text to be parsed.

use replay_etf::ErrorKind;
use replay_store::{AppendError, Error as StoreError};
use rustler::types::atom::Atom;
use rustler::{Encoder, Env, Term};

use crate::decode;
use crate::remote::{Refused, fault_name};
use crate::sink::Full;

mod atoms {
    rustler::atoms! {
        already_active, damaged, eio, ended, events, has_subject, invalid_cursor, invalid_option, invalid_recording,
        malformed, max_events, no_filters, not_found, panicked, refused, remote, too_large, unknown_atom,
    }
}

/// What a NIF answers instead of a result.
pub enum Failure {
    /// The engine's answer.
    Store(StoreError),
    /// An append's answer.
    Append(AppendError),
    /// The decoder's answer.
    Decode(decode::Error),
    /// The recording of this view, named as `inspect/1` does, mentions an atom
    /// that does not exist.
    UnknownAtom(Option<String>),
    /// There can be no bucket as it is wanted.
    Remote(Refused),
    /// Larger than the configured cap.
    TooLarge,
    /// A worker panicked.
    Panicked,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<AppendError> for Failure {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

impl From<decode::Error> for Failure {
    fn from(error: decode::Error) -> Self {
        Self::Decode(error)
    }
}

impl From<replay_etf::Error> for Failure {
    fn from(error: replay_etf::Error) -> Self {
        Self::Decode(error.into())
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::Remote(refused)
    }
}

impl From<Full> for Failure {
    fn from(_: Full) -> Self {
        Self::TooLarge
    }
}

impl Encoder for Failure {
    fn encode<'a>(&self, env: Env<'a>) -> Term<'a> {
        let reason = match self {
            Self::Store(error) => store_reason(env, error),
            Self::Append(error) => append_reason(env, error),
            Self::Decode(decode::Error::Malformed(error)) => etf_reason(env, error),
            Self::Decode(decode::Error::UnknownAtom { .. }) => {
                (atoms::unknown_atom(), None::<&str>).encode(env)
            }
            Self::Decode(
                decode::Error::Refused { offset } | decode::Error::UnknownFunction { offset },
            ) => (atoms::refused(), *offset).encode(env),
            Self::UnknownAtom(view) => (atoms::unknown_atom(), view.as_deref()).encode(env),
            Self::Remote(refused) => refused.encode(env),
            Self::TooLarge => atoms::too_large().encode(env),
            Self::Panicked => atoms::panicked().encode(env),
        };
        (rustler::types::atom::error(), reason).encode(env)
    }
}

impl Failure {
    /// A thread that is needed can't be started.
    pub fn no_thread(source: std::io::Error) -> Self {
        Self::Store(StoreError::Io {
            action: "start a thread",
            path: None,
            source,
        })
    }

    /// The VM has none for a resource.
    pub fn out_of_memory() -> Self {
        Self::Store(StoreError::Io {
            action: "allocate a resource",
            path: None,
            source: std::io::ErrorKind::OutOfMemory.into(),
        })
    }

    /// `{:error, reason, detail}` where the system refused: the step, and the
    /// file, are for the log. Else as it is encoded.
    pub fn explained<'a>(&self, env: Env<'a>) -> Term<'a> {
        match self {
            Self::Store(refused @ StoreError::Io { .. }) => {
                let error = rustler::types::atom::error();
                (error, store_reason(env, refused), refused.to_string()).encode(env)
            }
            _ => self.encode(env),
        }
    }
}

fn append_reason<'a>(env: Env<'a>, error: &AppendError) -> Term<'a> {
    match error {
        AppendError::Ended => atoms::ended().encode(env),
        AppendError::Full => atoms::max_events().encode(env),
        AppendError::HasSubject => atoms::has_subject().encode(env),
        AppendError::TooLarge(..) => atoms::too_large().encode(env),
        AppendError::NotAnEvent => (atoms::invalid_recording(), atoms::events()).encode(env),
        AppendError::Io(error) => literal(env, replay_store::posix_name(error)),
        // Handled by the caller, who tries again.
        _ => atoms::eio().encode(env),
    }
}

/// The reason alone, as it stands in a notice.
pub fn store_reason<'a>(env: Env<'a>, error: &StoreError) -> Term<'a> {
    match error {
        StoreError::NotFound => atoms::not_found().encode(env),
        StoreError::AlreadyActive => atoms::already_active().encode(env),
        StoreError::NoFilters => atoms::no_filters().encode(env),
        StoreError::Cursor => atoms::invalid_cursor().encode(env),
        StoreError::TooLarge { .. } => atoms::too_large().encode(env),
        StoreError::Damaged { file, .. } => (atoms::damaged(), file).encode(env),
        StoreError::Recording(error) => etf_reason(env, error),
        StoreError::Remote(fault) => (atoms::remote(), fault_name(*fault)).encode(env),
        StoreError::Option(name) => (atoms::invalid_option(), *name).encode(env),
        // Every error without a reason of its own came from the system.
        other => literal(env, other.posix().unwrap_or("eio")),
    }
}

fn etf_reason<'a>(env: Env<'a>, error: &replay_etf::Error) -> Term<'a> {
    match error.kind {
        ErrorKind::NotARecording(field) => {
            (atoms::invalid_recording(), literal(env, field.name())).encode(env)
        }
        ErrorKind::TooLarge | ErrorKind::TooManyTerms | ErrorKind::TooDeep => {
            atoms::too_large().encode(env)
        }
        _ => (atoms::malformed(), error.offset).encode(env),
    }
}

/// The engine's POSIX names, and those of a recording's fields, are fixed sets of literals.
fn literal<'a>(env: Env<'a>, name: &str) -> Term<'a> {
    Atom::from_str(env, name)
        .unwrap_or_else(|_| atoms::eio())
        .encode(env)
}
