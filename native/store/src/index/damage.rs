/// A file that bears a recording's name and does not hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Name of the file within the directory; bytes that are not UTF-8 are replaced.
    pub file: String,
    /// What is wrong, for people to read. Never holds anything of the file's contents.
    pub reason: String,
}

impl Damage {
    pub(crate) fn of(file: &[u8], reason: &impl ToString) -> Self {
        Damage {
            file: String::from_utf8_lossy(file).into_owned(),
            reason: reason.to_string(),
        }
    }
}
