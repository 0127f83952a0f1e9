use replay_etf::{Error as EtfError, Missing};

/// Why bytes did not become a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The bytes are not External Term Format.
    Malformed(EtfError),
    /// An atom is not known to this VM.
    UnknownAtom {
        /// Byte offset of the atom's tag, or of the fun or the deeply nested
        /// term that mentions it.
        offset: usize,
    },
    /// A function, or its module, is not known to this VM.
    UnknownFunction {
        /// As above.
        offset: usize,
    },
    /// Well-formed, but no term: equal keys in a map, or what claims to be of
    /// this node with numbers that can't be.
    Refused {
        /// Byte offset of the term's tag.
        offset: usize,
    },
}

impl From<EtfError> for Error {
    fn from(error: EtfError) -> Self {
        Self::Malformed(error)
    }
}

impl Error {
    /// What was missing in a term at this offset.
    pub(super) fn of(missing: Missing, start: usize) -> Self {
        match missing {
            Missing::Atom(at) => Self::UnknownAtom { offset: start + at },
            Missing::Function(at) => Self::UnknownFunction { offset: start + at },
            Missing::Identifier(at) => Self::Refused { offset: start + at },
        }
    }
}
