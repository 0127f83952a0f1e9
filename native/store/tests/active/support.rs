//! What the tests share: recordings and events made by hand, and directories to keep them in.

pub use std::io;
pub use std::path::Path;
pub use std::sync::Arc;
pub use std::time::Duration;

use std::path::PathBuf;

use replay_etf::tag;
pub use replay_store::{AppendError, Error, Notice, Store, Wait};
use replay_store::{
    Drained, Durability, Entry, FileName, FileSystem, Mapping, Metadata, Options, OsFileSystem,
    Process, Recording, Stamp, Watch,
};
use tempfile::TempDir;

#[path = "../support/hooked.rs"]
pub mod hooked;
use hooked::{Call, hooked};

pub const LONG: Duration = Duration::from_secs(60);

pub fn atom(text: &str) -> Vec<u8> {
    [&[tag::SMALL_ATOM_UTF8, text.len() as u8], text.as_bytes()].concat()
}

pub fn binary(bytes: &[u8]) -> Vec<u8> {
    [
        &[tag::BINARY],
        &(bytes.len() as u32).to_be_bytes()[..],
        bytes,
    ]
    .concat()
}

/// `{offset, kind, payload}` with a payload of `len` bytes that nothing else has.
pub fn event(offset: i32, kind: &str, len: usize) -> Vec<u8> {
    let payload = offset.to_be_bytes().repeat(len.div_ceil(4));
    let offset = [&[tag::INTEGER], &offset.to_be_bytes()[..]].concat();
    let payload = binary(&payload[..len]);
    [&[tag::SMALL_TUPLE, 3], &offset[..], &atom(kind), &payload].concat()
}

/// A user's event with a name.
pub fn named(offset: i32, name: &str) -> Vec<u8> {
    let offset = [&[tag::INTEGER], &offset.to_be_bytes()[..]].concat();
    let payload = [
        &[tag::MAP, 0, 0, 0, 1],
        &atom("name")[..],
        &binary(name.as_bytes()),
    ]
    .concat();
    [
        &[tag::SMALL_TUPLE, 3],
        &offset[..],
        &atom("event"),
        &payload,
    ]
    .concat()
}

/// The event of a page that was visited.
pub fn visited(offset: i32, url: &str) -> Vec<u8> {
    let offset = [&[tag::INTEGER], &offset.to_be_bytes()[..]].concat();
    let payload = [
        &[tag::MAP, 0, 0, 0, 2],
        &atom("params")[..],
        &[tag::MAP, 0, 0, 0, 0],
        &atom("url"),
        &binary(url.as_bytes()),
    ]
    .concat();
    let kind = atom("handle_params");
    [&[tag::SMALL_TUPLE, 3], &offset[..], &kind, &payload].concat()
}

/// A recording of these events, as it is saved.
pub fn recording(id: &[u8], events: &[Vec<u8>]) -> Vec<u8> {
    let list = match events.len() as u32 {
        0 => vec![tag::NIL],
        n => [
            &[tag::LIST],
            &n.to_be_bytes()[..],
            &events.concat(),
            &[tag::NIL],
        ]
        .concat(),
    };
    let parts: [&[u8]; 9] = [
        &[tag::VERSION, tag::MAP, 0, 0, 0, 4],
        &atom("connected_at"),
        &[tag::SMALL_INTEGER, 7],
        &atom("events"),
        &list,
        &atom("id"),
        &binary(id),
        &atom("view"),
        &atom("Elixir.MyAppWeb.HomeLive"),
    ];
    parts.concat()
}

/// Appends as a caller does on a thread that must not wait, and then on one that may.
pub fn append(recording: &Recording, event: &[u8]) -> Result<(), AppendError> {
    match append_with(recording, event, Wait::Never) {
        Err(AppendError::WouldBlock) => append_with(recording, event, Wait::Yes),
        result => result,
    }
}

fn append_with(recording: &Recording, event: &[u8], wait: Wait) -> Result<(), AppendError> {
    let mut reservation = recording.reserve(wait)?;
    let (mut to, room) = reservation.space();
    if room < event.len() {
        (to, _) = reservation.grow(0, event.len())?;
    }
    // SAFETY: there is room, and nobody else writes there before the commit.
    unsafe { to.copy_from_nonoverlapping(event.as_ptr(), event.len()) };
    reservation.commit(event.len())
}

/// A directory for one test.
pub struct Dir(TempDir);

impl Dir {
    pub fn new() -> Self {
        Dir(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn open(&self) -> Store {
        Store::open(self.path(), options()).unwrap()
    }

    pub fn open_on(&self, fs: Arc<dyn FileSystem>) -> Store {
        Store::open_on(fs, self.path(), options()).unwrap()
    }

    /// What a crash at this moment would leave behind.
    pub fn crash(&self) -> Dir {
        let copy = Dir::new();
        copy_dir(self.path(), copy.path());
        copy
    }

    /// Everything that is not a finished recording.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        find(&self.path().join(".native"), &mut files);
        files
    }

    /// The files that hold events of recordings that are not finished.
    pub fn segments(&self) -> Vec<PathBuf> {
        let mut files = self.files();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        files
    }
}

/// Removes a directory at once, as those see it who use it.
pub fn remove_dir(path: &Path) {
    let away = path.with_extension("away");
    std::fs::rename(path, &away).unwrap();
    std::fs::remove_dir_all(away).unwrap();
}

pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            match std::fs::copy(entry.path(), &to) {
                // A temporary file, say, that was given up just before the crash.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}

fn find(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Saves are not synced: what these tests look at survives in the page cache.
pub fn options() -> Options {
    Options {
        durability: Durability::Relaxed,
        threads: 2,
        segment_bytes: 256 << 10,
        ..Options::default()
    }
}

/// Starts a recording that begins with its mount.
pub fn start(store: &Store, id: &str) -> Arc<Recording> {
    let head = recording(id.as_bytes(), &[event(0, "mount", 30)]);
    store
        .start(id.as_bytes(), &head, 10_000, Wait::Yes)
        .unwrap()
}

/// A recording with a mount and so many events of a user.
pub fn clicks(store: &Store, id: &str, count: i32) -> Arc<Recording> {
    let recording = start(store, id);
    for n in 1..=count {
        append(&recording, &event(n, "event", 500)).unwrap();
    }
    recording
}

/// The bytes that [`clicks`] is saved as.
pub fn expected(id: &str, count: i32) -> Vec<u8> {
    let clicks = (1..=count).map(|n| event(n, "event", 500));
    let events: Vec<_> = std::iter::once(event(0, "mount", 30))
        .chain(clicks)
        .collect();
    recording(id.as_bytes(), &events)
}

pub fn saved(saved: usize) -> Drained {
    Drained {
        saved,
        ..Drained::default()
    }
}

pub fn entry(store: &Store, id: &str) -> Option<Arc<Entry>> {
    let entries = store.list().unwrap();
    entries
        .into_iter()
        .find(|entry| entry.id() == id.as_bytes())
}

/// The real file system, with something to do before a file is put in its place.
pub fn placing(
    hook: impl Fn(&Path) -> io::Result<()> + Send + Sync + 'static,
) -> Arc<dyn FileSystem> {
    hooked(move |call| match call {
        Call::Rename(_, to) => hook(to),
        _ => Ok(()),
    })
}

/// The real file system, with something to do before a file that is there is opened to be mapped.
pub fn opening(
    hook: impl Fn(&Path) -> io::Result<()> + Send + Sync + 'static,
) -> Arc<dyn FileSystem> {
    hooked(move |call| match call {
        Call::OpenFile(path) => hook(path),
        _ => Ok(()),
    })
}

pub fn text(id: &[u8]) -> &str {
    std::str::from_utf8(id).unwrap()
}
