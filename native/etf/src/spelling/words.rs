//! Texts of one map, or of all keys of several words.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// A text with this mark.
pub(super) fn marked(mark: u32, text: &str) -> String {
    match mark {
        1 => format!(":{text}"),
        _ => format!(":{mark}:{text}"),
    }
}

/// What must not become equal.
#[derive(Default)]
pub(super) struct Words<'a> {
    pub(super) binaries: Vec<&'a [u8]>,
    pub(super) replaced: Vec<Replaced<'a>>,
}

pub(super) struct Replaced<'a> {
    pub(super) offset: usize,
    /// The same bytes are the same atom or function.
    pub(super) bytes: &'a [u8],
    pub(super) text: Cow<'a, str>,
}

impl<'a> Words<'a> {
    pub(super) fn count(&self) -> (usize, usize) {
        (self.binaries.len(), self.replaced.len())
    }

    /// Takes those behind the first ones, and tells which need which mark, by their offset.
    pub(super) fn keep_apart(
        &mut self,
        (binaries, replaced): (usize, usize),
        mut tell: impl FnMut(usize, u32),
    ) {
        let binaries = self.binaries.drain(binaries..);
        let replaced: Vec<_> = self.replaced.drain(replaced..).collect();
        if replaced.is_empty() {
            return;
        }
        // Whose a text is: a binary's, or that of what has these bytes.
        let mut owners: HashMap<Cow<'_, [u8]>, Option<&[u8]>> =
            binaries.map(|text| (Cow::Borrowed(text), None)).collect();
        for Replaced { bytes, text, .. } in &replaced {
            let text = Cow::Borrowed(text.as_bytes());
            owners.entry(text).or_insert(Some(bytes));
        }
        let mut marks: HashMap<&[u8], u32> = HashMap::new();
        let mut next: HashMap<&str, u32> = HashMap::new();
        for Replaced {
            offset,
            bytes,
            text,
        } in &replaced
        {
            if owners.get(text.as_bytes()) == Some(&Some(bytes)) {
                continue;
            }
            let mark = *marks.entry(bytes).or_insert_with(|| {
                let next = next.entry(text).or_insert(1);
                loop {
                    let mark = *next;
                    *next = mark.saturating_add(1);
                    let text = Cow::Owned(marked(mark, text).into_bytes());
                    if let Entry::Vacant(free) = owners.entry(text) {
                        free.insert(Some(bytes));
                        return mark;
                    }
                }
            });
            tell(*offset, mark);
        }
    }
}
