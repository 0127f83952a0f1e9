//! The kernel tells what happens in directories: inotify(7).
//!
//! A user may have 128 instances of it (`max_user_instances`), and a process a thousand
//! directories open. So there is one for the process as long as it watches anything, and whoever
//! reads it puts what is about other directories where they find it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Arc, Weak};

use inotify::{Event, EventMask, Inotify, WatchDescriptor, WatchMask};
use parking_lot::Mutex;

use super::told::{Told, Watch};

/// What is read at once; the longest event has 272 bytes.
const BUFFER_BYTES: usize = 8 << 10;

/// After so many times, more than the kernel keeps by default (16 384 events), whoever reads would
/// do so for ever: others write faster.
const MAX_READS: usize = 1024;

/// So much is kept for a directory that does not ask; what the kernel keeps for all by default.
const MAX_UNREAD: usize = 16_384;

static SHARED: Mutex<Weak<Notifier>> = Mutex::new(Weak::new());

struct Notifier(Mutex<State>);

struct State {
    inotify: Inotify,
    /// By the number of the watch, which is one for all who watch the same directory.
    inboxes: HashMap<i32, Vec<Arc<Inbox>>>,
    buffer: Box<[u8]>,
}

type Inbox = Mutex<Unread>;

/// What a directory was told and has not asked for.
#[derive(Default)]
struct Unread {
    names: Vec<Box<[u8]>>,
    itself: bool,
    lost: bool,
}

/// Has a directory watched until it is dropped.
pub(super) fn watch(path: &Path) -> io::Result<Box<dyn Watch>> {
    let notifier = Notifier::shared()?;
    let inbox = Arc::new(Inbox::default());
    let mut state = notifier.0.lock();
    let watch = state.inotify.watches().add(path, mask())?;
    let number = watch.get_watch_descriptor_id();
    let inboxes = state.inboxes.entry(number).or_default();
    inboxes.push(Arc::clone(&inbox));
    drop(state);
    Ok(Box::new(Watched {
        notifier,
        watch,
        inbox,
    }))
}

fn mask() -> WatchMask {
    let names = WatchMask::CREATE | WatchMask::DELETE | WatchMask::MOVE;
    // Not each write: a file that is still being written is looked at too early.
    let files = WatchMask::CLOSE_WRITE | WatchMask::ATTRIB;
    let itself = WatchMask::DELETE_SELF | WatchMask::MOVE_SELF | WatchMask::ONLYDIR;
    names | files | itself
}

struct Watched {
    notifier: Arc<Notifier>,
    watch: WatchDescriptor,
    inbox: Arc<Inbox>,
}

impl Watch for Watched {
    fn read(&self, hear: &mut dyn FnMut(Told<'_>)) {
        self.notifier.0.lock().read();
        let unread = std::mem::take(&mut *self.inbox.lock());
        if unread.lost {
            hear(Told::Lost);
            return;
        }
        if unread.itself {
            hear(Told::Itself);
        }
        unread.names.iter().for_each(|name| hear(Told::Name(name)));
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut state = self.notifier.0.lock();
        let number = self.watch.get_watch_descriptor_id();
        let Some(inboxes) = state.inboxes.get_mut(&number) else {
            return;
        };
        inboxes.retain(|inbox| !Arc::ptr_eq(inbox, &self.inbox));
        if inboxes.is_empty() {
            state.inboxes.remove(&number);
            // It may be gone by itself, with its directory.
            let _ = state.inotify.watches().remove(self.watch.clone());
        }
    }
}

impl Notifier {
    fn shared() -> io::Result<Arc<Self>> {
        let mut shared = SHARED.lock();
        if let Some(notifier) = shared.upgrade() {
            return Ok(notifier);
        }
        // Closed when another program takes this one's place.
        let notifier = Arc::new(Notifier(Mutex::new(State {
            inotify: Inotify::init()?,
            inboxes: HashMap::new(),
            buffer: vec![0; BUFFER_BYTES].into(),
        })));
        *shared = Arc::downgrade(&notifier);
        Ok(notifier)
    }
}

impl State {
    fn read(&mut self) {
        let State {
            inotify,
            inboxes,
            buffer,
        } = self;
        for _ in 0..MAX_READS {
            match inotify.read_events(buffer) {
                Ok(events) => events.for_each(|event| deliver(inboxes, &event)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        lose(inboxes.values().flatten());
    }
}

fn deliver(inboxes: &mut HashMap<i32, Vec<Arc<Inbox>>>, event: &Event<&OsStr>) {
    if event.mask.contains(EventMask::Q_OVERFLOW) {
        lose(inboxes.values().flatten());
        return;
    }
    let number = event.wd.get_watch_descriptor_id();
    let end = EventMask::IGNORED | EventMask::UNMOUNT;
    let moved = EventMask::DELETE_SELF | EventMask::MOVE_SELF;
    if event.mask.intersects(end | moved) {
        lose(inboxes.get(&number).into_iter().flatten());
    }
    for inbox in inboxes.get(&number).into_iter().flatten() {
        inbox.lock().hear(event.name.map(|name| name.as_bytes()));
    }
}

fn lose<'a>(inboxes: impl Iterator<Item = &'a Arc<Inbox>>) {
    for inbox in inboxes {
        *inbox.lock() = Unread {
            lost: true,
            ..Unread::default()
        };
    }
}

impl Unread {
    fn hear(&mut self, name: Option<&[u8]>) {
        match name {
            _ if self.lost => {}
            Some(_) if self.names.len() == MAX_UNREAD => {
                *self = Unread {
                    lost: true,
                    ..Unread::default()
                };
            }
            Some(name) => self.names.push(name.into()),
            None => self.itself = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;

    fn dir() -> (tempfile::TempDir, PathBuf) {
        let outside = tempfile::tempdir().unwrap();
        let dir = outside.path().join("dir");
        fs::create_dir(&dir).unwrap();
        (outside, dir)
    }

    fn told(watch: &dyn Watch) -> Vec<String> {
        let mut all = Vec::new();
        watch.read(&mut |told| {
            all.push(match told {
                Told::Name(name) => String::from_utf8_lossy(name).into_owned(),
                other => format!("{other:?}"),
            });
        });
        all
    }

    #[test]
    fn what_is_done_in_the_directory_is_told() {
        let (outside, dir) = dir();
        let watch = watch(&dir).unwrap();
        let [x, y] = ["x", "y"].map(|name| dir.join(name));
        fs::write(&x, b"1").unwrap();
        assert_eq!(told(&*watch), ["x", "x"], "made, closed");
        fs::write(&x, b"2").unwrap();
        assert_eq!(told(&*watch), ["x"], "closed");
        fs::rename(&x, &y).unwrap();
        assert_eq!(told(&*watch), ["x", "y"]);
        fs::rename(&y, outside.path().join("y")).unwrap();
        assert_eq!(told(&*watch), ["y"]);
        fs::rename(outside.path().join("y"), &y).unwrap();
        assert_eq!(told(&*watch), ["y"]);
        fs::set_permissions(&y, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(told(&*watch), ["y"]);
        fs::read(&y).unwrap();
        assert!(told(&*watch).is_empty());
        fs::remove_file(&y).unwrap();
        assert!(told(&*watch).contains(&"y".into()));
    }

    #[test]
    fn a_directory_that_is_moved_or_removed_is_lost() {
        let (outside, dir) = dir();
        let moved = watch(&dir).unwrap();
        fs::rename(&dir, outside.path().join("away")).unwrap();
        assert_eq!(told(&*moved), ["Lost"]);
        let removed = watch(&outside.path().join("away")).unwrap();
        fs::remove_dir(outside.path().join("away")).unwrap();
        assert_eq!(told(&*removed), ["Lost"]);
        assert!(watch(&dir).is_err());
    }

    #[test]
    fn all_who_watch_a_directory_are_told_and_none_of_another() {
        let ((_one, here), (_other, there)) = (dir(), dir());
        let [first, second] = [(); 2].map(|()| watch(&here).unwrap());
        let other = watch(&there).unwrap();
        fs::create_dir(here.join("x")).unwrap();
        assert!(told(&*other).is_empty());
        assert_eq!(told(&*second), ["x"]);
        drop(second);
        fs::create_dir(here.join("y")).unwrap();
        assert_eq!(told(&*first), ["x", "y"]);
        fs::create_dir(there.join("z")).unwrap();
        assert_eq!(told(&*other), ["z"]);
    }

    #[test]
    fn the_last_who_watches_a_directory_gives_it_up() {
        let (_outside, dir) = dir();
        let watches = [(); 2].map(|()| watch(&dir).unwrap());
        let notifier = Notifier::shared().unwrap();
        let number = |state: &mut State| {
            let watch = state.inotify.watches().add(&dir, mask()).unwrap();
            watch.get_watch_descriptor_id()
        };
        let before = number(&mut notifier.0.lock());
        for (watch, is_kept) in watches.into_iter().zip([true, false]) {
            drop(watch);
            let mut state = notifier.0.lock();
            assert_eq!(state.inboxes.contains_key(&before), is_kept);
            assert_eq!(number(&mut state) == before, is_kept);
        }
    }

    #[test]
    fn who_does_not_ask_for_long_loses_what_was_told() {
        let mut unread = Unread::default();
        (0..MAX_UNREAD).for_each(|_| unread.hear(Some(b"x")));
        assert!(!unread.lost);
        unread.hear(None);
        unread.hear(Some(b"x"));
        assert!(unread.lost && unread.names.is_empty() && !unread.itself);
        unread.hear(Some(b"x"));
        assert!(unread.names.is_empty());
    }
}
