//! When files were read here that the bucket has too: those used longest ago go first.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::clock::local_ns;

/// Files, and when they were read last, in nanoseconds by the clock here.
#[derive(Default)]
pub(super) struct Uses(Mutex<Read>);

type Read = HashMap<Box<[u8]>, i64>;

/// A file that the bucket has too.
pub(super) struct Copy<'a> {
    pub file: &'a [u8],
    pub bytes: u64,
    /// When it was written, or read after that.
    pub used: i64,
}

impl Uses {
    /// A file is read now.
    pub(super) fn hear(&self, file: &[u8]) {
        let mut read = self.0.lock();
        match read.get_mut(file) {
            Some(used) => *used = local_ns(),
            None => drop(read.insert(file.into(), local_ns())),
        }
    }

    /// Nobody wants to know.
    pub(super) fn clear(&self) {
        self.0.lock().clear();
    }

    /// Which of the copies, by their position, are to go, so that those that stay have at most `max`
    /// bytes. What is of no account from then on is forgotten.
    pub(super) fn unused(&self, mut copies: Vec<Copy<'_>>, max: u64) -> Vec<usize> {
        let mut read = self.0.lock();
        for copy in &mut copies {
            let read = read.get(copy.file).copied();
            copy.used = read.map_or(copy.used, |read| read.max(copy.used));
        }
        let mut by_use: Vec<usize> = (0..copies.len()).collect();
        by_use.sort_unstable_by_key(|at| copies[*at].used);
        let mut bytes: u64 = copies.iter().map(|it| it.bytes).sum();
        let mut goes = 0;
        while bytes > max {
            bytes -= copies[by_use[goes]].bytes;
            goes += 1;
        }
        // Not all that is not here: what is read just now is only about to become a file.
        if let Some(at) = by_use.get(goes).or(by_use.last()) {
            let since = copies[*at].used;
            read.retain(|_, used| *used >= since);
        }
        by_use.truncate(goes);
        by_use
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(times: &[(&'static str, i64)]) -> Vec<Copy<'static>> {
        (times.iter())
            .map(|(file, written)| Copy {
                file: file.as_bytes(),
                bytes: 10,
                used: *written,
            })
            .collect()
    }

    fn uses(times: &[(&str, i64)]) -> Uses {
        let times = times.iter();
        let read = times.map(|(file, used)| (file.as_bytes().into(), *used));
        Uses(Mutex::new(read.collect()))
    }

    #[test]
    fn those_used_longest_ago_go_and_no_more_than_must() {
        let files = [("a", 1), ("b", 2), ("c", 3), ("d", 4)];
        let unused = |max| {
            let uses = uses(&[("a", 9), ("c", 8), ("d", 3)]);
            uses.unused(copies(&files), max)
        };
        assert!(unused(40).is_empty());
        assert_eq!(unused(39), [1]);
        assert_eq!(unused(20), [1, 3]);
        assert_eq!(unused(19), [1, 3, 2]);
        assert_eq!(unused(0), [1, 3, 2, 0]);
        assert!(Uses::default().unused(Vec::new(), 0).is_empty());
    }

    #[test]
    fn what_is_read_before_it_is_a_file_was_used_then() {
        let uses = uses(&[("new", 9)]);
        let before = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(uses.unused(copies(&before), 20), [0]);
        let then = [("b", 2), ("c", 3), ("new", 1)];
        assert_eq!(uses.unused(copies(&then), 20), [0]);
    }

    #[test]
    fn what_is_of_no_account_any_more_is_forgotten() {
        let uses = uses(&[("gone", 2), ("a", 1), ("b", 8)]);
        let known = || {
            uses.0
                .lock()
                .keys()
                .map(|it| it.to_vec())
                .collect::<Vec<_>>()
        };
        uses.unused(copies(&[("a", 3), ("b", 4)]), 20);
        assert_eq!(known(), [b"b"]);
        uses.hear(b"x");
        uses.hear(b"y");
        uses.unused(copies(&[("y", 1)]), 0);
        assert_eq!(known(), [b"y"]);
    }
}
