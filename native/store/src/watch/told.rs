//! Which files of the directory are to be looked at, because others changed them.
//!
//! The store's own changes are told like all others. So what is heard of a name while the store
//! changes it is counted: if that is one change, it was the store's, of which the index knows.

use std::collections::HashSet;

use crate::disk::{self, Watch};
use crate::index::name;

/// More names than this are not kept: then all are read again.
const MAX_NAMES: usize = 16_384;

#[derive(Default)]
pub(crate) struct Told {
    /// Of the directory with this inode.
    watch: Option<(Box<dyn Watch>, u64)>,
    /// What has been heard of since it was looked at for the last time.
    names: HashSet<Box<[u8]>>,
    /// Somebody is looking, and the index does not say yet what is seen.
    looking: bool,
    own: Option<Own>,
}

/// A change by the store that is under way.
struct Own {
    name: Box<[u8]>,
    /// Whether there was a reason to look at it before.
    told_before: bool,
    heard: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    Something,
    /// Anything may have changed, and the watch is over.
    Lost,
}

impl Told {
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Whether there are files to be looked at, or that are being looked at.
    pub(crate) fn is_pending(&self) -> bool {
        self.looking || !self.names.is_empty()
    }

    /// Takes the files that are to be looked at, until [`Told::looked`].
    pub(crate) fn look(&mut self) -> HashSet<Box<[u8]>> {
        self.looking = true;
        std::mem::take(&mut self.names)
    }

    /// The index says what was seen.
    pub(crate) fn looked(&mut self) {
        self.looking = false;
    }

    /// Learns what has been told. The directory has this inode.
    pub(crate) fn listen(&mut self, inode: u64) -> Heard {
        let Some((watch, watched)) = &self.watch else {
            return Heard::Nothing;
        };
        let (names, own) = (&mut self.names, &mut self.own);
        let mut heard = Heard::Nothing;
        watch.read(&mut |told| match told {
            disk::Told::Lost => heard = Heard::Lost,
            _ if heard == Heard::Lost => {}
            disk::Told::Itself => heard = Heard::Something,
            disk::Told::Name(name) => {
                heard = Heard::Something;
                if let Some(own) = own.as_mut().filter(|own| *own.name == *name) {
                    own.heard += 1;
                }
                if name::parse(name).is_some() && !names.contains(name) {
                    names.insert(name.into());
                }
            }
        });
        if heard == Heard::Lost || *watched != inode || self.names.len() > MAX_NAMES {
            self.lose();
            return Heard::Lost;
        }
        heard
    }

    /// Puts another watch in the place of the one there is, all names being about to be read. What
    /// the one before was told is kept; returns what that was.
    pub(crate) fn renew(&mut self, watch: Option<Box<dyn Watch>>, inode: u64) -> Heard {
        let heard = self.listen(inode);
        self.watch = watch.map(|watch| (watch, inode));
        heard
    }

    /// Nothing that was told counts any more.
    pub(crate) fn lose(&mut self) {
        *self = Told {
            looking: self.looking,
            ..Told::default()
        };
    }

    /// Somebody may have changed what has this name, and it was not told.
    pub(crate) fn suspect(&mut self, name: &[u8]) {
        if self.watch.is_some() {
            self.names.insert(name.into());
        }
    }

    /// The store is about to change what has this name. Returns whether that will be told.
    pub(crate) fn own_begins(&mut self, name: &[u8]) -> bool {
        self.own = self.watch.is_some().then(|| Own {
            name: name.into(),
            told_before: self.names.contains(name),
            heard: 0,
        });
        self.own.is_some()
    }

    /// The change is made, or was tried in vain, and what was told until then has been heard.
    pub(crate) fn own_ends(&mut self, done: bool) {
        if let Some(own) = self.own.take()
            && (done, own.heard, own.told_before) == (true, 1, false)
        {
            self.names.remove(&own.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    const INODE: u64 = 7;
    const X: &[u8] = b"x.etf";

    /// Tells what a test puts into it.
    #[derive(Default, Clone)]
    struct Teller(Arc<Mutex<Vec<disk::Told<'static>>>>);

    impl Watch for Teller {
        fn read(&self, hear: &mut dyn FnMut(disk::Told<'_>)) {
            self.0.lock().drain(..).for_each(hear);
        }
    }

    impl Teller {
        fn tell(&self, names: impl IntoIterator<Item = &'static [u8]>) {
            let told = names.into_iter().map(disk::Told::Name);
            self.0.lock().extend(told);
        }
    }

    fn watched() -> (Teller, Told) {
        let (teller, mut told) = (Teller::default(), Told::default());
        told.renew(Some(Box::new(teller.clone())), INODE);
        (teller, told)
    }

    /// The names that are to be looked at.
    fn pending(told: &mut Told) -> Vec<Box<[u8]>> {
        let names = told.look();
        told.looked();
        names.into_iter().collect()
    }

    #[test]
    fn names_of_recordings_are_kept_until_they_are_looked_at() {
        let (teller, mut told) = watched();
        assert_eq!(told.listen(INODE), Heard::Nothing);
        teller.tell([X, b"other.txt", X]);
        assert_eq!(told.listen(INODE), Heard::Something);
        assert!(told.is_pending());
        assert_eq!(told.look(), HashSet::from([X.into()]));
        assert!(told.is_pending(), "the index does not know yet");
        told.looked();
        assert!(!told.is_pending());
        teller.tell([&b"other.txt"[..]]);
        assert_eq!(told.listen(INODE), Heard::Something);
        assert!(!told.is_pending());
    }

    #[test]
    fn what_is_told_of_an_own_change_is_no_news_unless_there_is_more() {
        let nothing: &[Box<[u8]>] = &[];
        let x = &[X.into()][..];
        for (before, during, done, expected) in [
            (0, 1, true, nothing),
            (0, 0, true, nothing),
            (0, 2, true, x),
            (1, 1, true, x),
            (0, 1, false, x),
        ] {
            let (teller, mut told) = watched();
            teller.tell((0..before).map(|_| X));
            told.listen(INODE);
            assert!(told.own_begins(X));
            teller.tell((0..during).map(|_| X));
            told.listen(INODE);
            told.own_ends(done);
            assert_eq!(pending(&mut told), expected, "{before} {during} {done}");
        }
    }

    #[test]
    fn what_was_told_before_an_own_change_and_heard_with_it_is_news() {
        let (teller, mut told) = watched();
        teller.tell([X]);
        told.own_begins(X);
        teller.tell([X]);
        told.listen(INODE);
        told.own_ends(true);
        assert_eq!(pending(&mut told), [X.into()]);
    }

    #[test]
    fn an_own_change_that_somebody_is_looking_at_is_no_news_afterwards() {
        let (teller, mut told) = watched();
        told.own_begins(X);
        teller.tell([X]);
        told.listen(INODE);
        assert_eq!(pending(&mut told), [X.into()]);
        told.own_ends(true);
        assert!(!told.is_pending());
        teller.tell([X]);
        told.listen(INODE);
        assert!(told.is_pending(), "it is not own any more");
    }

    #[test]
    fn a_watch_ends_when_something_was_not_told() {
        let lose: [fn(&Teller, &mut Told) -> Heard; 3] = [
            |teller, told| {
                teller.tell([X]);
                teller.0.lock().push(disk::Told::Lost);
                told.listen(INODE)
            },
            |_, told| told.listen(INODE + 1),
            |teller, told| {
                for n in 0..=MAX_NAMES {
                    let name = format!("{n}.etf").into_bytes();
                    teller.tell([&*name.leak()]);
                }
                told.listen(INODE)
            },
        ];
        for lose in lose {
            let (teller, mut told) = watched();
            assert_eq!(lose(&teller, &mut told), Heard::Lost);
            assert!(!told.is_watched() && !told.is_pending());
            assert!(!told.own_begins(X), "it has to be followed by the times");
        }
    }

    #[test]
    fn what_one_watch_was_told_is_kept_for_the_next() {
        let (teller, mut told) = watched();
        teller.tell([X]);
        assert_eq!(told.renew(None, INODE), Heard::Something);
        assert!(!told.is_watched() && told.is_pending());
    }
}
