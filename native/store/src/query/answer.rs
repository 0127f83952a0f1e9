/// Whether a recording is like a filter, by what is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is not.
    No,
    /// Only its content can tell.
    Perhaps,
    /// It is.
    Yes,
}

impl Answer {
    /// Whether both hold.
    pub(super) fn and(self, other: Answer) -> Answer {
        self.min(other)
    }
}

impl From<bool> for Answer {
    fn from(yes: bool) -> Self {
        if yes { Answer::Yes } else { Answer::No }
    }
}
