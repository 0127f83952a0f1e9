use std::borrow::Cow;

/// Distinct names that a summary holds at most. An application has some dozens; more come only
/// from a client that makes them up, and are left out.
pub const MAX_NAMES: usize = 256;

/// A longer name is left out of a summary, in bytes.
pub const MAX_NAME_BYTES: usize = 255;

/// Collects the distinct names of a recording's user events.
pub(crate) type Names<'a> = Texts<'a, MAX_NAMES, MAX_NAME_BYTES>;

/// Collects distinct texts, at most so many, and none that is longer.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a, const MAX: usize, const MAX_BYTES: usize> {
    texts: Vec<Cow<'a, [u8]>>,
    /// Where the latest was found: names come in runs.
    latest: usize,
    /// Whether one was left out.
    cut: bool,
}

impl<'a, const MAX: usize, const MAX_BYTES: usize> Texts<'a, MAX, MAX_BYTES> {
    /// Adds a text that lives as long as the summary.
    pub(crate) fn add(&mut self, text: &'a [u8]) {
        self.add_as(text, Cow::Borrowed);
    }

    /// Adds a text that does not, copying it only if it is new.
    pub(crate) fn add_copy(&mut self, text: &[u8]) {
        self.add_as(text, |text| Cow::Owned(text.to_vec()));
    }

    fn add_as<'n>(&mut self, text: &'n [u8], keep: impl FnOnce(&'n [u8]) -> Cow<'a, [u8]>) {
        if self
            .texts
            .get(self.latest)
            .is_some_and(|latest| **latest == *text)
        {
            return;
        }
        if let Some(at) = self.texts.iter().position(|known| **known == *text) {
            self.latest = at;
        } else if self.texts.len() < MAX && text.len() <= MAX_BYTES {
            self.latest = self.texts.len();
            self.texts.push(keep(text));
        } else {
            self.cut = true;
        }
    }

    /// The texts in order of their bytes.
    pub(crate) fn sorted(mut self) -> Vec<Cow<'a, [u8]>> {
        self.texts.sort_unstable();
        self.texts
    }

    /// The texts in the order in which they came, and whether one was left out.
    pub(super) fn in_order(self) -> (Vec<Cow<'a, [u8]>>, bool) {
        (self.texts, self.cut)
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
        assert!(!names.cut);
        assert_eq!(names.sorted(), [&b"add"[..], b"save", b"validate"]);
    }

    #[test]
    fn names_that_a_client_makes_up_are_bounded() {
        let mut names = Names::default();
        names.add_copy(&[b'x'; MAX_NAME_BYTES + 1]);
        assert!(names.cut);
        for n in 0..2 * MAX_NAMES {
            names.add_copy(n.to_string().as_bytes());
        }
        assert_eq!(names.sorted().len(), MAX_NAMES);
    }
}
