//! Erasing is interrupted by a crash, or fails, at each of its steps.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::support::hooked::{Call, Hook, hooked_by};

/// Shows what a crash would leave before each change, or makes each change from some one on fail.
struct Stepped {
    dir: PathBuf,
    crashes: Mutex<Vec<Dir>>,
    fails_from: usize,
    changes: AtomicUsize,
}

impl Stepped {
    fn new(dir: &Dir, fails_from: usize) -> Arc<Self> {
        Arc::new(Stepped {
            dir: dir.path().to_owned(),
            crashes: Mutex::default(),
            fails_from,
            changes: AtomicUsize::new(usize::MAX / 2),
        })
    }

    /// From now on changes count.
    fn begin(&self) {
        self.changes.store(0, Ordering::Relaxed);
    }

    fn change(&self) -> io::Result<()> {
        match self.changes.fetch_add(1, Ordering::Relaxed) {
            // Not yet begun.
            n if n >= usize::MAX / 2 => Ok(()),
            // Those that the finalizer makes are tried again.
            n if n >= self.fails_from && !on_finalizer() => Err(io::ErrorKind::StorageFull.into()),
            _ => {
                let crash = Dir::new();
                copy_dir(&self.dir, crash.path());
                self.crashes.lock().unwrap().push(crash);
                Ok(())
            }
        }
    }
}

fn on_finalizer() -> bool {
    let thread = std::thread::current();
    thread
        .name()
        .is_some_and(|name| name.starts_with("replay-work"))
}

impl Hook for Stepped {
    fn call(&self, call: Call<'_>) -> io::Result<()> {
        match call {
            Call::WriteNew { .. }
            | Call::Append(..)
            | Call::Rename(..)
            | Call::Remove(_)
            | Call::SyncDir(_) => self.change(),
            _ => Ok(()),
        }
    }
}

fn open_stepped(dir: &Dir, fs: &Arc<Stepped>) -> Store {
    let options = Options {
        durability: Durability::Synced,
        ..options()
    };
    Store::open_on(hooked_by(fs), dir.path(), options).unwrap()
}

/// Whether the next run finds all of it erased; if not, nothing is.
fn is_erased_after(dir: &Dir) -> bool {
    let store = dir.open();
    store.drain(LONG);
    let left = all(&store);
    let mut rest = left.iter().map(String::as_str).collect::<Vec<_>>();
    let erased = !rest.contains(&"user-1");
    if !erased {
        let stored = ["other-1", "other-2", "user-1", "user-2", "user-3"];
        // Of the one in flight in which nothing happened nothing stays in any case.
        rest.retain(|id| *id != "user-4");
        assert_eq!(rest, stored);
        return false;
    }
    assert_eq!(rest, ["other-1", "other-2"]);
    store.delete_where(&of("other-1")).unwrap();
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
    drop(store);
    // And once more, now that nothing is left to do.
    let store = dir.open();
    store.drain(LONG);
    assert_eq!(all(&store), ["other-2"]);
    true
}

#[test]
fn a_crash_at_any_step_leaves_all_or_nothing() {
    let dir = Dir::new();
    let fs = Stepped::new(&dir, usize::MAX);
    let store = open_stepped(&dir, &fs);
    fill(&store);
    fs.begin();
    store.delete_where(&of("user-")).unwrap();
    let crashes = std::mem::take(&mut *fs.crashes.lock().unwrap());
    assert!(crashes.len() > 8);
    let erased: Vec<bool> = crashes.iter().map(is_erased_after).collect();
    assert!(erased.is_sorted(), "{erased:?}");
    assert!(!erased[0] && erased[erased.len() - 1]);
}

#[test]
fn a_crash_leaves_all_or_nothing_also_where_nothing_was_ever_in_flight() {
    let dir = Dir::new();
    let fs = Stepped::new(&dir, usize::MAX);
    let store = open_stepped(&dir, &fs);
    let ids = ["other-1", "user-1", "user-2"];
    for id in ids {
        let events = [event(0, "mount", 30), secret(1)];
        let etf = recording(id.as_bytes(), &events);
        store.save(&etf, Format::Etf).unwrap();
    }
    fs.begin();
    store.delete_where(&of("user-")).unwrap();
    let crashes = std::mem::take(&mut *fs.crashes.lock().unwrap());
    let left = crashes.iter().map(|crash| all(&crash.open()));
    let left: Vec<Vec<String>> = left.collect();
    let untouched = left.iter().take_while(|left| **left == ids).count();
    assert!((1..left.len()).contains(&untouched));
    assert!(left[untouched..].iter().all(|left| *left == ["other-1"]));
    let last = &crashes[crashes.len() - 1];
    assert_eq!(traces(last.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_failure_at_any_step_is_made_good_by_the_next_start() {
    let mut outcomes = Vec::new();
    for fails_from in 0.. {
        let dir = Dir::new();
        let fs = Stepped::new(&dir, fails_from);
        let store = open_stepped(&dir, &fs);
        fill(&store);
        fs.begin();
        let result = store.delete_where(&of("user-"));
        drop(store);
        let erased = is_erased_after(&dir);
        if result.is_ok() {
            assert!(erased);
            break;
        }
        outcomes.push(erased);
    }
    assert!(outcomes.len() > 8);
    assert!(outcomes.is_sorted(), "{outcomes:?}");
}

#[test]
fn what_is_erased_is_not_recovered_by_two_who_start_at_once() {
    for _ in 0..5 {
        let dir = Dir::new();
        let fs = Stepped::new(&dir, 4);
        let store = open_stepped(&dir, &fs);
        fill(&store);
        fs.begin();
        store.delete_where(&of("user-")).unwrap_err();
        let crashed = dir.crash();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let store = crashed.open();
                    store.drain(LONG);
                });
            }
        });
        let store = crashed.open();
        store.drain(LONG);
        assert_eq!(all(&store), ["other-1", "other-2"]);
    }
}
