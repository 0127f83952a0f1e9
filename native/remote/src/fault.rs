//! Why a request to the bucket came to nothing.

use std::fmt;

/// What kind of trouble it was, which is what a caller decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// No connection, or it was cut, or too slow, or the server failed.
    Unavailable,
    /// The server asks for fewer requests.
    Throttled,
    /// Credentials, permissions or the region are not what the server wants.
    Denied,
    /// There is no such bucket.
    NoBucket,
    /// There is no object under the key.
    NotFound,
    /// There is one already, or another than the one that was to be replaced.
    Exists,
    /// It is larger than the caller or the server takes.
    TooLarge,
    /// The answer is not what was asked for, or the server does not know the request.
    Invalid,
    /// The [`Bucket`](crate::Bucket) has been stopped.
    Stopped,
}

/// A request that came to nothing.
///
/// `Display` is a sentence without credentials, without anything of a body, and without a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    status: Option<u16>,
    code: Option<Box<str>>,
    reason: &'static str,
}

impl Fault {
    /// What kind of trouble it was.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The server's code for it, such as `SlowDown`; letters and digits only.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Whether the same request may succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, FaultKind::Unavailable | FaultKind::Throttled)
    }

    pub(crate) fn new(kind: FaultKind, reason: &'static str) -> Fault {
        Fault {
            kind,
            status: None,
            code: None,
            reason,
        }
    }

    /// The same trouble with what the server said of it.
    pub(crate) fn answered(mut self, status: u16, code: Option<&str>) -> Fault {
        self.status = Some(status);
        self.code = code.map(Box::from);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason)?;
        match (self.status, &self.code) {
            (Some(status), Some(code)) => write!(f, " ({status} {code})"),
            (Some(status), None) => write!(f, " ({status})"),
            (None, _) => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
