//! What is looked at when the disk works again.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use replay_store::Options;

use crate::ledger::Ledger;
use crate::session::MARKER;
use crate::support::hooked::{Call, hooked_by};
use crate::support::*;
use crate::workload::options;

/// Waits until the last thread has let go of what belonged to a store that is closed.
pub fn closed<H>(hook: &Arc<H>) {
    while Arc::strong_count(hook) > 1 {
        std::thread::yield_now();
    }
}

/// What has happened before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum After {
    Faults,
    PowerCut,
}

/// It may not be known for a while whose something is.
const UNSURE: Duration = Duration::from_secs(10);

/// Opens a directory twice, and looks at all that is to be there, and that nothing else is.
pub fn check(dir: &Path, ledger: &Ledger, after: After) -> Result<(), String> {
    let options = Options {
        heartbeat: Duration::from_millis(10),
        ..options()
    };
    for start in ["first", "second"] {
        let hook = Arc::new(|_: Call<'_>| Ok(()));
        let opened = Store::open_on(hooked_by(&hook), dir, options.clone());
        let store = opened.map_err(|error| format!("{start} start: {error}"))?;
        until_taken_over(&store, dir).map_err(|left| format!("{start} start: {left}"))?;
        look(&store, ledger, after).map_err(|found| format!("{start} start: {found}"))?;
        drop(store);
        closed(&hook);
        left_behind(dir, after).map_err(|found| format!("{start} start: {found}"))?;
    }
    rebuild(dir)
}

/// Waits until nothing is there any more that others have left.
fn until_taken_over(store: &Store, dir: &Path) -> Result<(), String> {
    let start = Instant::now();
    let native = dir.join(".native");
    store.drain(LONG);
    while is_anything_left(&native) {
        if start.elapsed() > UNSURE {
            return Err(format!("not taken over: {:?}", files_in(&native)));
        }
        std::thread::sleep(Duration::from_millis(1));
        store.drain(LONG);
    }
    Ok(())
}

/// Whether there is a segment, or a directory of which it is not known whose it is.
fn is_anything_left(native: &Path) -> bool {
    let is_left = |directory: &Path| {
        let lock = fs::metadata(directory.join("lock"));
        let is_segment = |path: &PathBuf| path.extension().is_some_and(|it| it == "seg");
        lock.map_or(0, |lock| lock.len()) == 0 || files_in(directory).iter().any(is_segment)
    };
    // One that is just being renamed has no lock either.
    let entries = fs::read_dir(native).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_directory = |path: &PathBuf| !INDEX.iter().any(|name| path.ends_with(name));
    paths.filter(is_directory).any(|path| is_left(&path))
}

fn look(store: &Store, ledger: &Ledger, after: After) -> Result<(), String> {
    let troubles = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&troubles);
    store.observe(Box::new(move |notice| {
        use Notice::*;
        let is_told = match notice {
            SetAside { .. } => after != After::PowerCut,
            Failed { .. } | Panicked { .. } | NotErased { .. } | Moved { .. } => true,
            _ => false,
        };
        if is_told {
            told.lock().unwrap().push(format!("{notice:?}"));
        }
    }));
    let drained = store.drain(LONG);
    let stats = store.stats().map_err(|error| error.to_string())?;
    if drained.left + stats.unreadable + stats.waiting + stats.damaged > 0 {
        return Err(format!("{drained:?}, {stats:?}"));
    }
    if stats.slab.used > 0 {
        let files = files_in(&store.path().join(".native"));
        return Err(format!("space is in use: {:?} {files:?}", stats.slab));
    }
    // The index is a cache: that it could not be read is told, and costs nothing.
    let mut damage = store.take_damage();
    damage.retain(|damage| !damage.file.starts_with(".native/index"));
    let mut troubles = troubles.lock().unwrap();
    troubles.extend(damage.iter().map(|damage| format!("{damage:?}")));
    if !troubles.is_empty() {
        return Err(troubles.join(", "));
    }
    contents(store, ledger)
}

fn contents(store: &Store, ledger: &Ledger) -> Result<(), String> {
    let listed = store.list().map_err(|error| error.to_string())?;
    let is_listed = |id: &str| listed.iter().any(|entry| entry.id() == id.as_bytes());
    for id in ledger.ids() {
        let found = match store.read(id.as_bytes()) {
            Ok(contents) => Some(contents.bytes),
            Err(Error::NotFound) => None,
            Err(error) => return Err(format!("{id}: {error}")),
        };
        let wanted = ledger.clone();
        if !ledger.settle(&id, found.as_deref()) {
            let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let (found, wanted) = (format!("{found:?}"), wanted.told(&id));
            return Err(format!("{id} is {found:.400}, and not {wanted:.400}"));
        }
        if is_listed(&id) != found.is_some() {
            return Err(format!("{id} is in the list, or can be read, but not both"));
        }
    }
    let ids = ledger.ids();
    match (listed.iter()).find(|entry| !ids.iter().any(|id| entry.id() == id.as_bytes())) {
        Some(entry) => Err(format!("nobody recorded {:?}", text(entry.id()))),
        None => Ok(()),
    }
}

/// All that stays in `.native/` of a store that is closed, with nothing in flight. The last is
/// there until the index is written anew.
const INDEX: [&str; 4] = ["index", "index.lock", "index.log", "index.new"];

fn left_behind(dir: &Path, after: After) -> Result<(), String> {
    let native = dir.join(".native");
    let files = files_in(&native);
    let is_bad = |path: &PathBuf| path.extension().is_some_and(|it| it == "bad");
    if after == After::PowerCut && files.iter().any(is_bad) {
        // That of which the beginning is lost is for a human.
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&native).into_iter().flatten() {
        names.push(entry.unwrap().file_name().into_string().unwrap());
    }
    names.retain(|name| !INDEX.contains(&&**name));
    if !names.is_empty() {
        return Err(format!("left behind: {names:?} {files:?}"));
    }
    match has_bytes(&native, MARKER) {
        Some(path) => Err(format!("a recording's bytes are in {}", path.display())),
        None => Ok(()),
    }
}

/// The first file in a directory with these bytes.
pub fn has_bytes(dir: &Path, bytes: &[u8]) -> Option<PathBuf> {
    files_in(dir).into_iter().find(|path| {
        // It may be gone meanwhile.
        let content = fs::read(path).unwrap_or_default();
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_in(&path)),
            false => files.push(path),
        }
    }
    files
}

/// What is known of a directory is what it would be if all of it was read.
fn rebuild(dir: &Path) -> Result<(), String> {
    let all = || Store::open(dir, options()).unwrap().list().unwrap();
    let known = all();
    for name in INDEX {
        let _ = fs::remove_file(dir.join(".native").join(name));
    }
    let read = all();
    match known == read {
        true => Ok(()),
        false => Err(format!("the index says {known:?}, the files {read:?}")),
    }
}
