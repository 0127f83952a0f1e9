use std::borrow::Cow;

/// Distinct names that a summary holds at most. An application has some dozens; more come only
/// from a client that makes them up, and are left out.
pub const MAX_NAMES: usize = 256;

/// A longer name is left out of a summary, in bytes.
pub const MAX_NAME_BYTES: usize = 255;

/// Collects the distinct names of a recording's user events.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    names: Vec<Cow<'a, [u8]>>,
    /// Where the latest was found: names come in runs.
    latest: usize,
}

impl<'a> Names<'a> {
    /// Adds a name that lives as long as the summary.
    pub(crate) fn add(&mut self, name: &'a [u8]) {
        self.add_as(name, Cow::Borrowed);
    }

    /// Adds a name that does not, copying it only if it is new.
    pub(crate) fn add_copy(&mut self, name: &[u8]) {
        self.add_as(name, |name| Cow::Owned(name.to_vec()));
    }

    fn add_as<'n>(&mut self, name: &'n [u8], keep: impl FnOnce(&'n [u8]) -> Cow<'a, [u8]>) {
        if self
            .names
            .get(self.latest)
            .is_some_and(|latest| **latest == *name)
        {
            return;
        }
        if let Some(at) = self.names.iter().position(|known| **known == *name) {
            self.latest = at;
        } else if self.names.len() < MAX_NAMES && name.len() <= MAX_NAME_BYTES {
            self.latest = self.names.len();
            self.names.push(keep(name));
        }
    }

    /// The names in order of their bytes.
    pub(crate) fn sorted(mut self) -> Vec<Cow<'a, [u8]>> {
        self.names.sort_unstable();
        self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_kept_once_in_order() {
        let mut names = Names::default();
        for name in [&b"save"[..], b"validate", b"validate", b"save", b"add"] {
            names.add(name);
            names.add_copy(name);
        }
        assert_eq!(names.sorted(), [&b"add"[..], b"save", b"validate"]);
    }

    #[test]
    fn names_that_a_client_makes_up_are_bounded() {
        let mut names = Names::default();
        names.add_copy(&[b'x'; MAX_NAME_BYTES + 1]);
        for n in 0..2 * MAX_NAMES {
            names.add_copy(n.to_string().as_bytes());
        }
        assert_eq!(names.sorted().len(), MAX_NAMES);
    }
}
