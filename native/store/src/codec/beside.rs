use super::{Flags, Subject};

/// What is to be known of a recording and has no place in it.
///
/// It is kept where every reader skips it: in the gzip header (RFC 1952, 2.3.1.1), or before the
/// content in skippable frames of Zstandard (RFC 8878, 3.1.2). And only where there is something
/// to tell: other files are byte for byte what they would be without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// What happened to it on its way to the disk.
    pub flags: Flags,
    /// Whom it belongs to.
    pub subject: Option<Subject>,
}

/// The name of a field ("phoenix replay", and "phoenix subject"), as RFC 1952 has them.
pub(super) type Name = [u8; 2];

const FLAGS: Name = *b"PR";
const SUBJECT: Name = *b"PS";

impl Beside {
    /// The fields that a file carries of it: name and value.
    pub(super) fn fields(&self) -> impl Iterator<Item = (Name, Vec<u8>)> {
        let flags = (self.flags != Flags::default()).then(|| (FLAGS, vec![self.flags.byte()]));
        let subject = self.subject.as_ref().map(|it| (SUBJECT, it.encode()));
        flags.into_iter().chain(subject)
    }

    /// What the fields of a file say, the first of each name; others are passed by. What can't be
    /// read says nothing.
    pub(super) fn of<'a>(fields: impl Iterator<Item = (Name, &'a [u8])>) -> Beside {
        let (mut flags, mut subject) = (None, None);
        for (name, value) in fields {
            match name {
                FLAGS => flags = flags.or(value.first().copied()),
                SUBJECT => subject = subject.or_else(|| Subject::decode(value)),
                _ => {}
            }
        }
        Beside {
            flags: Flags::from_byte(flags.unwrap_or_default()),
            subject,
        }
    }
}

impl From<Flags> for Beside {
    fn from(flags: Flags) -> Self {
        Beside {
            flags,
            subject: None,
        }
    }
}
