use crate::json::Fault;
use crate::recording::Field;

/// What is wrong with an input, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Error {
    /// Offset from the start of the input: of the first byte of the offending term, or for JSON
    /// of the offending byte. Faults inside a compressed term count from the start of the
    /// expanded one, including its version byte.
    pub offset: usize,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// The ways an input can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends inside a term, or a count promises more than can follow.
    #[error("unexpected end of input")]
    UnexpectedEnd,
    /// The first byte is not [`tag::VERSION`](crate::tag::VERSION).
    #[error("not an external term: version byte {0}")]
    BadVersion(u8),
    /// A tag the format does not define, or does not allow in this place.
    #[error("unknown tag {0}")]
    UnknownTag(u8),
    /// Nesting exceeds [`Limits::max_depth`](crate::Limits::max_depth).
    #[error("nested too deeply")]
    TooDeep,
    /// The input exceeds [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("too large")]
    TooLarge,
    /// The input exceeds [`Limits::max_terms`](crate::Limits::max_terms) or
    /// [`Limits::max_words`](crate::Limits::max_words).
    #[error("too many terms")]
    TooManyTerms,
    /// An atom is longer than 255 characters, or is not valid UTF-8 though it claims to be.
    #[error("malformed atom")]
    BadAtom,
    /// An integer is larger than any runtime reads.
    #[error("oversized integer")]
    BadInteger,
    /// A tuple has more elements than any runtime's.
    #[error("oversized tuple")]
    BadTuple,
    /// A float is not finite, or its text is not a float, or has no end.
    #[error("malformed float")]
    BadFloat,
    /// A bitstring uses 0 or more than 8 bits of its last byte, or has no last byte.
    #[error("malformed bitstring")]
    BadBits,
    /// A pid, port, reference or function is made of parts it must not have, or is too large.
    #[error("malformed identifier or function")]
    BadIdentifier,
    /// A map has the same key twice.
    #[error("duplicate key in a map")]
    DuplicateKey,
    /// A compressed term stands where a plain one is required; see [`expand`](crate::expand()).
    #[error("compressed term")]
    Compressed,
    /// The compressed bytes are damaged, or expand to another size than stated.
    #[error("malformed compressed term")]
    BadCompressed,
    /// A term in a private encoding that only the runtime which wrote it can read.
    #[error("term in a runtime's private encoding")]
    LocalTerm,
    /// A reference to an atom cache that only exists between connected nodes.
    #[error("reference into an absent atom cache")]
    AtomCacheRef,
    /// A reference to something that was not recorded before, or is of another shape.
    #[error("reference to what is not there")]
    BadReference,
    /// Not JSON, in a text that should be.
    #[error("malformed JSON: {0}")]
    BadJson(Fault),
    /// A well-formed term, but not a recording: this field is missing or has the wrong type.
    #[error("not a recording: {0}")]
    NotARecording(Field),
}

impl Error {
    pub(crate) fn new(offset: usize, kind: ErrorKind) -> Self {
        Error { offset, kind }
    }
}
