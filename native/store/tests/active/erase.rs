//! What is erased is gone, wherever it was and whatever comes between.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use replay_store::{FileName, FileSystem, Filter, Format, Metadata, Options, OsFileSystem, Stamp};

use crate::support::*;

/// Nothing else holds this.
const SECRET: &[u8] = b"what a user wants to be forgotten";

fn of(prefix: &str) -> Filter {
    Filter {
        id: Some(prefix.as_bytes().into()),
        ..Filter::default()
    }
}

/// `{offset, event, payload}` with the secret many times.
fn secret(offset: u8) -> Vec<u8> {
    use replay_etf::tag;
    let payload = binary(&SECRET.repeat(20));
    let offset = [tag::SMALL_INTEGER, offset];
    [
        &[tag::SMALL_TUPLE, 3][..],
        &offset,
        &atom("event"),
        &payload,
    ]
    .concat()
}

/// Stored: `user-1`, `user-2` in JSON, `other-1`. In flight: `user-3` with a checkpoint, `user-4`
/// in which nothing has happened, `other-2`.
fn fill(store: &Store) {
    for (id, format) in [
        ("user-1", Format::Etf),
        ("user-2", Format::Json),
        ("other-1", Format::Etf),
    ] {
        let events = [event(0, "mount", 30), secret(1)];
        store
            .save(&recording(id.as_bytes(), &events), format)
            .unwrap();
    }
    let three = start(store, "user-3");
    append(&three, &secret(1)).unwrap();
    store.checkpoint(LONG);
    append(&three, &secret(2)).unwrap();
    start(store, "user-4");
    clicks(store, "other-2", 3);
}

fn user() -> Vec<&'static str> {
    vec!["user-1", "user-2", "user-3", "user-4"]
}

fn sorted(ids: Vec<Box<[u8]>>) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(|id| text(id).to_owned()).collect();
    ids.sort();
    ids
}

/// The ids of what is stored or in flight.
fn all(store: &Store) -> Vec<String> {
    let stored = store.list().unwrap();
    let ids = stored.iter().map(|entry| entry.id().into());
    let flights = store.actives();
    let mut ids = sorted(
        ids.chain(flights.iter().map(|it| (**it.id()).into()))
            .collect(),
    );
    ids.dedup();
    ids
}

/// The files that mention the user, or what is secret.
fn traces(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(traces(&path));
            continue;
        }
        let mut bytes = match std::fs::read(&path) {
            // A segment that is out of use goes at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            bytes => bytes.unwrap(),
        };
        bytes.extend(path.as_os_str().as_encoded_bytes());
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        if has(SECRET) || has(b"user-") {
            files.push(path);
        }
    }
    files
}

#[test]
fn what_matches_is_gone_everywhere_and_the_rest_is_untouched() {
    let dir = Dir::new();
    let store = dir.open();
    fill(&store);
    assert!(traces(dir.path()).len() > 3);
    assert_eq!(sorted(store.delete_where(&of("user-")).unwrap()), user());
    assert_eq!(all(&store), ["other-1", "other-2"]);
    assert!(matches!(store.read(b"user-1"), Err(Error::NotFound)));
    store.delete_where(&of("other-1")).unwrap();
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
    assert_eq!(store.stats().unwrap().counts.erased, 5);
    assert!(store.delete_where(&of("user-")).unwrap().is_empty());
    drop(store);
    let store = dir.open();
    store.drain(LONG);
    assert_eq!(all(&store), ["other-2"]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_filter_that_says_nothing_is_refused() {
    let dir = Dir::new();
    let store = dir.open();
    fill(&store);
    let before = all(&store);
    for filter in [
        Filter::default(),
        of(""),
        Filter {
            url: Some(replay_store::UrlPart::new(b"")),
            ..of("")
        },
    ] {
        assert!(matches!(store.delete_where(&filter), Err(Error::NoFilters)));
    }
    assert_eq!(all(&store), before);
}

#[test]
fn a_recording_that_is_just_being_saved_is_erased() {
    let dir = Dir::new();
    let (reached, go_on) = (
        Arc::new(std::sync::Barrier::new(2)),
        Arc::new(std::sync::Barrier::new(2)),
    );
    let barriers = (Arc::clone(&reached), Arc::clone(&go_on));
    let slow = Hooked::new(move |path| {
        if path.ends_with("user-3.etf.gz") {
            barriers.0.wait();
            barriers.1.wait();
        }
        Ok(())
    });
    let store = dir.open_on(&slow);
    let three = start(&store, "user-3");
    append(&three, &secret(1)).unwrap();
    three.end();
    reached.wait();
    std::thread::scope(|scope| {
        let erased = scope.spawn(|| store.delete_where(&of("user-")));
        // It may come before or after, and both must do.
        std::thread::yield_now();
        go_on.wait();
        assert_eq!(sorted(erased.join().unwrap().unwrap()), ["user-3"]);
    });
    assert_eq!(all(&store), [""; 0]);
    assert_eq!(traces(dir.path()), Vec::<PathBuf>::new());
}

/// The real file system, which shows what a crash would leave before each change, or makes each
/// change from some one on fail.
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

impl FileSystem for Stepped {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        OsFileSystem.create_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        OsFileSystem.metadata(path)
    }

    fn names(&self, path: &Path) -> io::Result<Vec<FileName>> {
        OsFileSystem.names(path)
    }

    fn read(&self, path: &Path, limit: u64, into: &mut Vec<u8>) -> io::Result<Stamp> {
        OsFileSystem.read(path, limit, into)
    }

    fn write_new(&self, path: &Path, content: &[u8], sync: bool) -> io::Result<Stamp> {
        self.change()?;
        OsFileSystem.write_new(path, content, sync)
    }

    fn append(&self, path: &Path, content: &[u8]) -> io::Result<u64> {
        self.change()?;
        OsFileSystem.append(path, content)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?;
        OsFileSystem.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        OsFileSystem.remove(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        OsFileSystem.sync_dir(path)
    }
}

fn open_stepped(dir: &Dir, fs: &Arc<Stepped>) -> Store {
    let fs = Arc::clone(fs) as Arc<dyn FileSystem>;
    let options = Options {
        sync: true,
        ..options()
    };
    Store::open_on(fs, dir.path(), options).unwrap()
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

#[test]
fn a_note_that_can_not_be_read_is_reported_once_and_set_aside() {
    let dir = Dir::new();
    let store = dir.open();
    store
        .save(&recording(b"a", &[event(1, "event", 30)]), Format::Etf)
        .unwrap();
    drop(store);
    let home = dir.path().join(".native/tmp-7");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::write(home.join("erase-1-2-3"), b"rplerase and no more").unwrap();
    for times in [1, 0] {
        let store = dir.open();
        let (sender, notices) = std::sync::mpsc::channel();
        store.observe(Box::new(move |notice| sender.send(notice).unwrap()));
        let set_aside = notices.try_iter().filter(
            |notice| matches!(notice, Notice::SetAside { file, .. } if file == "erase-1-2-3"),
        );
        assert_eq!(set_aside.count(), times);
        assert_eq!(all(&store), ["a"]);
    }
    assert!(!home.exists());
    assert!(dir.path().join(".native/erase-1-2-3.bad").exists());
}
