//! What is done with a store: all that it can do with recordings, one thing after the other.

use std::fmt::Display;
use std::time::Instant;

use replay_store::{Compression, Durability, FileSystem, Filter, Format, Options, Retention, Sort};

use crate::check;
use crate::ledger::Ledger;
use crate::session::{self, stored, version};
use crate::support::hooked::{Call, hooked, os_error};
use crate::support::*;

/// Older than all others: these go when there are too many.
const OLD: i32 = 12;

/// More than there ever are without the old ones, and fewer than with them.
const KEPT: usize = 20;

pub fn options() -> Options {
    Options {
        durability: Durability::Synced,
        threads: 1,
        finalizers: 1,
        segment_bytes: 64 << 10,
        ..Options::default()
    }
}

fn starting_with(prefix: &str) -> Filter {
    Filter {
        id: Some(prefix.as_bytes().into()),
        ..Filter::default()
    }
}

fn masked(id: &str) -> Vec<u8> {
    let connected_at = if id.contains('-') { 1000 } else { 3000 };
    session::recording(id, connected_at, &[session::event(id, 7, 20)])
}

/// A store, what is known of it, and what went wrong.
struct Work<'l> {
    store: Store,
    ledger: &'l Ledger,
    errors: Vec<String>,
    lies: Vec<String>,
}

impl Work<'_> {
    fn note<T, E: Display>(&mut self, what: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(format!("{what}: {error}"));
                None
            }
        }
    }

    /// The same once.
    fn fail(&mut self, error: String) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    fn save(&mut self, id: &str, connected_at: i32, events: i32, format: Format) {
        let etf = version(id, connected_at, events);
        let saving = || self.store.save(&etf, format);
        let saved = self.ledger.storing(id, stored(&etf, format), saving);
        self.note("save", saved);
    }

    fn start(&mut self, id: &str, connected_at: i32) -> Option<Arc<replay_store::Recording>> {
        let first = session::event(id, 0, 300);
        let head = session::recording(id, connected_at, std::slice::from_ref(&first));
        let starting = || self.store.start(id.as_bytes(), &head, 10_000, Wait::Yes);
        let started = self.ledger.starting(id, connected_at, first, starting);
        self.note("start", started)
    }

    fn append(&mut self, recording: &replay_store::Recording, offset: i32, len: usize) {
        let id = text(recording.id()).to_owned();
        let event = session::event(&id, offset, len);
        let appending = || append(recording, &event);
        let appended = self.ledger.appending(&id, event.clone(), appending);
        self.note("append", appended);
    }

    fn fly(&mut self, id: &str, connected_at: i32) -> Option<Arc<replay_store::Recording>> {
        let recording = self.start(id, connected_at)?;
        for offset in 1..4 {
            self.append(&recording, offset, 300);
        }
        Some(recording)
    }

    fn delete(&mut self, id: &str) {
        let deleting = || self.store.delete(id.as_bytes());
        let deleted = self.ledger.deleting(id, deleting);
        if self.note("delete", deleted).is_some() {
            self.has_gone(id);
        }
    }

    /// Nothing of it is left where it was in flight.
    fn has_gone(&mut self, id: &str) {
        let marker = session::marker(id);
        let native = self.store.path().join(".native");
        if check::has_bytes(&native, marker.as_bytes()).is_some() {
            self.lies.push(format!("bytes of {id} are still there"));
        }
    }

    fn erase(&mut self, prefix: &str) {
        let ids = self.ledger.ids();
        let ids = ids.iter().map(String::as_str);
        let ids: Vec<&str> = ids.filter(|id| id.starts_with(prefix)).collect();
        let erasing = || self.store.delete_where(&starting_with(prefix));
        let erased = self.ledger.deleting_all(&ids, erasing);
        if self.note("erase", erased).is_some() {
            ids.iter().for_each(|id| self.has_gone(id));
        }
    }

    /// Puts other events in the place of all.
    fn rewrite(&mut self, prefix: &str) {
        let begun = self.store.begin_rewriting(&starting_with(prefix));
        let Some(rewriting) = self.note("begin to rewrite", begun) else {
            return;
        };
        for id in &rewriting.ids {
            let read = self.store.read_version(id, |_, _| ());
            let Some(Some((read, ()))) = self.note("read a version", read) else {
                continue;
            };
            let etf = masked(text(id));
            let rewriting = || match self.store.rewrite(id, &etf, &read) {
                Ok(true) => Ok(()),
                Ok(false) => Err("it has changed".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            let rewritten = (self.ledger).storing(text(id), etf.clone(), rewriting);
            self.note("rewrite", rewritten);
        }
        let ended = self.store.end_rewriting(rewriting.number);
        self.note("end rewriting", ended);
    }

    /// Whatever is answered is true.
    fn look(&mut self) {
        let ids = self.ledger.ids();
        // What is in flight at first may be in its file at any time.
        let store = &self.store;
        let in_flight = ids
            .iter()
            .filter(|id| store.active(id.as_bytes()).is_some());
        let in_flight: Vec<&String> = in_flight.collect();
        let damaged = !self.store.take_damage().is_empty();
        let listed = self.store.list();
        let listed = self.note("list", listed);
        let page = (self.store).query(&Filter::default(), Sort::Newest, 100, None);
        self.note("query", page);
        for id in ids.iter().filter(|id| !in_flight.contains(id)) {
            // Those that a dead engine left may not be taken over yet.
            let must_be = !self.ledger.allows(id, None) && !id.starts_with("left");
            let is_listed = |listed: &Vec<Arc<replay_store::Entry>>| {
                listed.iter().any(|entry| entry.id() == id.as_bytes())
            };
            if must_be && !damaged && !listed.as_ref().is_none_or(is_listed) {
                self.lies.push(format!("{id} is not listed"));
            }
            match self.store.read(id.as_bytes()) {
                Ok(read) if self.ledger.allows(id, Some(&read.bytes)) => {}
                Ok(_) => self.lies.push(format!("{id} is another one")),
                Err(Error::NotFound) if !must_be => {}
                Err(Error::NotFound) => self.lies.push(format!("{id} is not found")),
                Err(error) => self.fail(format!("read: {error}")),
            }
        }
    }

    fn drain(&mut self, timeout: Duration) {
        let left = self.store.drain(timeout).left;
        if left > 0 {
            self.errors.push(format!("drain: {left} left"));
        }
    }
}

/// Two engines were killed here, one of them while it was erasing.
pub fn prepare() -> (Dir, Ledger) {
    let (dir, ledger) = (in_memory(), Ledger::default());
    let dies = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_dead = Arc::clone(&dies);
    let dying = hooked(move |call| match call {
        Call::Remove(path)
            if is_dead.load(std::sync::atomic::Ordering::Relaxed) && !is_native(path) =>
        {
            os_error(libc::EIO)
        }
        _ => Ok(()),
    });
    let open = |fs: Arc<dyn FileSystem>| Work {
        store: Store::open_on(fs, dir.path(), options()).unwrap(),
        ledger: &ledger,
        errors: Vec::new(),
        lies: Vec::new(),
    };
    let (mut first, mut second) = (open(dying), open(Arc::new(replay_store::OsFileSystem)));
    for n in 1..=OLD {
        first.save(&format!("old-{n}"), n, 2, Format::Etf);
    }
    for id in [
        "etf-a",
        "del-saved",
        "where-saved",
        "rewrite-1",
        "doomed-saved",
    ] {
        first.save(id, 1000, 3, Format::Etf);
    }
    first.save("json-a", 1000, 3, Format::Json);
    let _flights = [first.fly("doomed-flight", 1000), first.fly("left-1", 1000)];
    let _others = second.fly("left-2", 1000);
    assert_eq!((&first.errors, &second.errors), (&vec![], &vec![]));
    dies.store(true, std::sync::atomic::Ordering::Relaxed);
    first.erase("doomed-");
    assert_eq!(first.errors.len(), 1);
    let killed = in_memory();
    copy_dir(dir.path(), killed.path());
    (killed, ledger)
}

fn is_native(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".native")
}

/// In memory, where syncing takes no time.
pub fn in_memory() -> Dir {
    Dir(tempfile::tempdir_in("/dev/shm").unwrap())
}

/// How it went.
#[derive(Default)]
pub struct Done {
    /// What failed, as it may.
    pub errors: Vec<String>,
    /// What was answered and is not so.
    pub lies: Vec<String>,
}

/// Does all there is to be done, waiting so long where something has to be tried again.
pub fn run(fs: Arc<dyn FileSystem>, dir: &Path, ledger: &Arc<Ledger>, patience: Duration) -> Done {
    let limited = Options {
        compression: Compression::Zstd(1),
        retention: Retention {
            max_recordings: Some(KEPT),
            ..Retention::default()
        },
        ..options()
    };
    (1..=OLD).for_each(|n| ledger.may_go(&format!("old-{n}")));
    // Their erasure was noted, and is completed whenever the note is found.
    ["doomed-saved", "doomed-flight"]
        .iter()
        .for_each(|id| ledger.may_go(id));
    let store = match Store::open_on(fs, dir, limited) {
        Ok(store) => store,
        Err(error) => {
            return Done {
                errors: vec![format!("open: {error}")],
                lies: Vec::new(),
            };
        }
    };
    let mut work = Work {
        store,
        ledger,
        errors: Vec::new(),
        lies: Vec::new(),
    };
    let told = Arc::clone(ledger);
    work.store.observe(Box::new(move |notice| {
        if let Notice::Saved {
            id, event_count, ..
        } = notice
        {
            told.saved(text(&id), event_count);
        }
    }));
    work.save("new-etf", 2000, 2, Format::Etf);
    work.save("new-json", 2000, 2, Format::Json);
    let ending = work.fly("end", 3000);
    let running = work.fly("run", 3000);
    let placed = work.fly("del-placed", 3000);
    let ended = ["gone", "masked", "over"].map(|id| work.fly(id, 3000));
    ended.iter().flatten().for_each(|recording| recording.end());
    if let Some(ending) = ending {
        work.append(&ending, 4, 70_000);
        work.append(&ending, 5, 300);
        ending.end();
    }
    let checkpoint = work.store.checkpoint(patience);
    if checkpoint.left > 0 {
        work.errors.push("checkpoint: some left".to_owned());
    }
    if let Some(running) = &running {
        work.append(running, 4, 300);
    }
    let deleted = work.fly("del-flight", 3000);
    let erased = work.fly("where-flight", 3000);
    work.look();
    // Other names, and the same.
    work.save("etf-a", 1000, 4, Format::Json);
    work.save("json-a", 1000, 4, Format::Json);
    work.delete("del-saved");
    if deleted.is_some() {
        work.delete("del-flight");
    }
    // Its file has to go first, which is tried for a minute.
    if placed.is_some() && patience > Duration::from_secs(1) {
        work.delete("del-placed");
    }
    drop(erased);
    work.erase("where-");
    work.rewrite("rewrite-");
    work.drain(patience);
    if patience > Duration::from_secs(1) {
        work.delete("gone");
    }
    work.rewrite("masked");
    if work.store.active(b"over").is_none() {
        let etf = masked("over");
        let saving = || work.store.save(&etf, Format::Etf);
        let saved = ledger.storing("over", etf.clone(), saving);
        work.note("save", saved);
    }
    let rebuilt = work.store.rebuild_index();
    work.note("rebuild the index", rebuilt);
    work.look();
    let start = Instant::now();
    while work.store.count_hint().is_none_or(|count| count > KEPT)
        && start.elapsed() < Duration::from_millis(30).min(patience)
    {
        std::thread::yield_now();
    }
    work.store.trim(Duration::ZERO);
    if let Some(running) = &running {
        work.append(running, 5, 300);
    }
    Done {
        errors: work.errors,
        lies: work.lies,
    }
}
