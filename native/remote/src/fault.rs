//! Why a request to the bucket came to nothing.

use std::error::Error;
use std::fmt;

use http::Method;

/// Bytes of a server's code for a trouble.
const MAX_CODE_BYTES: usize = 64;

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
    /// The answer is not what was asked for, or the server does not take the request.
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
    reason: &'static str,
    status: Option<u16>,
    code: Option<Box<str>>,
}

impl Fault {
    /// What kind of trouble it was.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Whether only the object that was asked for is in the way.
    pub(crate) fn is_about_object(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::NotFound | FaultKind::TooLarge | FaultKind::Invalid
        )
    }

    /// Whether an object is not taken, while others may be.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Exists | FaultKind::TooLarge | FaultKind::Invalid
        )
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The server's code for it, such as `SlowDown`; letters, digits, dots and hyphens only.
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
            reason,
            status: None,
            code: None,
        }
    }

    pub(crate) fn unavailable(reason: &'static str) -> Fault {
        Fault::new(FaultKind::Unavailable, reason)
    }

    pub(crate) fn invalid(reason: &'static str) -> Fault {
        Fault::new(FaultKind::Invalid, reason)
    }

    pub(crate) fn too_large() -> Fault {
        Fault::new(FaultKind::TooLarge, "the object is too large")
    }

    pub(crate) fn stopped() -> Fault {
        Fault::new(FaultKind::Stopped, "the bucket is being closed")
    }

    /// An answer with a status that is no success, and its code, which is the server's text.
    pub(crate) fn answered(method: &Method, status: u16, code: Option<&str>) -> Fault {
        let code = code.filter(|code| {
            let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'.' || it == b'-';
            (1..=MAX_CODE_BYTES).contains(&code.len()) && code.bytes().all(plain)
        });
        let (kind, reason) = meaning(method, status, code.unwrap_or_default());
        Fault {
            kind,
            reason,
            status: Some(status),
            code: code.map(Box::from),
        }
    }

    /// The fault that is somewhere behind an error of the layers between.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Fault> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<Fault>() {
                return Some(fault.clone());
            }
            next = error.source();
        }
        None
    }
}

/// What a status and a code say. Codes are those of S3 and of the servers that are like it:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn meaning(method: &Method, status: u16, code: &str) -> (FaultKind, &'static str) {
    use FaultKind::*;
    let failed = (Unavailable, "the server failed");
    let busy = (Throttled, "the server asks for fewer requests");
    let denied = (Denied, "access to the bucket is denied");
    let none = (NotFound, "there is no such object");
    match (status, code) {
        (_, "SlowDown" | "RequestLimitExceeded" | "TooManyRequests" | "ThrottlingException")
        | (429, _) => busy,
        (_, "NoSuchBucket" | "InvalidBucketName") => (NoBucket, "there is no such bucket"),
        (300..=399, _)
        | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => (
            Denied,
            "the bucket is in another region, or at another endpoint",
        ),
        (_, "ExpiredToken" | "TokenRefreshRequired" | "InvalidToken") => {
            (Denied, "the credentials have expired")
        }
        (403, "RequestTimeTooSkewed") => (Denied, "this machine's clock is wrong"),
        (401 | 403, _) => denied,
        // Servers say the first one, also of a version that was to be replaced.
        (404, "NoSuchKey" | "NoSuchVersion") => none,
        // Its answer has no body to say more.
        (404, _) if method == Method::HEAD => none,
        // Whoever stands before a server answers so while the server is not there, and what is
        // taken for gone is forgotten here.
        (404, _) => (Unavailable, "what answered is no S3 server"),
        (409 | 412, _) => (Exists, "there is another object already"),
        (413, _) | (400, "EntityTooLarge" | "KeyTooLongError" | "KeyTooLong") => {
            (TooLarge, "the server does not take an object of this size")
        }
        // Damaged or cut on its way.
        (400, "BadDigest" | "IncompleteBody" | "XAmzContentSHA256Mismatch" | "RequestTimeout")
        | (408, _) => (Unavailable, "the request did not reach the server whole"),
        (501, _) => (Invalid, "the server does not know the request"),
        (500..=599, _) => failed,
        _ => (Invalid, "the server does not take the request"),
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

impl Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_its_meaning() {
        use FaultKind::*;
        for (status, code, kind) in [
            (301, "PermanentRedirect", Denied),
            (307, "", Denied),
            (400, "AuthorizationHeaderMalformed", Denied),
            (400, "ExpiredToken", Denied),
            (400, "EntityTooLarge", TooLarge),
            (400, "RequestTimeout", Unavailable),
            (400, "InvalidArgument", Invalid),
            (400, "", Invalid),
            (401, "", Denied),
            (403, "SignatureDoesNotMatch", Denied),
            (404, "", Unavailable),
            (404, "NoSuchKey", NotFound),
            (404, "NoSuchVersion", NotFound),
            (404, "NoSuchBucket", NoBucket),
            (404, "NoSuchUpload", Unavailable),
            (409, "ConditionalRequestConflict", Exists),
            (412, "PreconditionFailed", Exists),
            (413, "", TooLarge),
            (429, "", Throttled),
            (500, "InternalError", Unavailable),
            (501, "NotImplemented", Invalid),
            (503, "SlowDown", Throttled),
            (503, "ServiceUnavailable", Unavailable),
            (507, "XMinioStorageFull", Unavailable),
        ] {
            let fault = Fault::answered(&Method::GET, status, Some(code));
            assert_eq!(fault.kind(), kind, "{status} {code}");
            let retryable = matches!(kind, Unavailable | Throttled);
            assert_eq!(fault.is_retryable(), retryable, "{status} {code}");
        }
    }

    #[test]
    fn what_has_no_body_is_told_by_its_status() {
        use FaultKind::*;
        for (method, kind) in [
            (Method::HEAD, NotFound),
            (Method::GET, Unavailable),
            (Method::PUT, Unavailable),
            (Method::DELETE, Unavailable),
        ] {
            let fault = Fault::answered(&method, 404, None);
            assert_eq!(fault.kind(), kind, "{method}");
        }
    }

    #[test]
    fn a_code_is_shown_only_if_it_is_one() {
        let fault = Fault::answered(&Method::GET, 503, Some("SlowDown"));
        let shown = "the server asks for fewer requests (503 SlowDown)";
        assert_eq!(fault.to_string(), shown);
        for code in ["", "<b>", "a b", "é", &"x".repeat(65)] {
            let fault = Fault::answered(&Method::GET, 500, Some(code));
            assert_eq!(fault.code(), None);
            assert_eq!(fault.to_string(), "the server failed (500)");
        }
    }
}
