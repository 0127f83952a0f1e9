//! Directories that belong to several users of the operating system, or to others, and disks that
//! can't be written. Becoming another user takes root, which is what continuous integration runs
//! as.
//!
//! All threads of a process have one user, the shared ones of the stores too: so these tests are a
//! program of their own, and take turns.
#![expect(clippy::unwrap_used, reason = "a failed test is meant to panic")]

#[path = "../active/support.rs"]
#[allow(dead_code, reason = "it is for the tests beside it")]
mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use replay_store::{Format, Options};

use support::*;

const ANN: u32 = 61_001;
const BOB: u32 = 61_002;
const TEAM: u32 = 61_000;

/// Does something as another user, of the team and no other group.
fn as_user<R>(user: u32, work: impl FnOnce() -> R) -> R {
    as_member(user, TEAM, &[], work)
}

/// Does something as another user, of these groups: the whole process does.
fn as_member<R>(user: u32, group: u32, others: &[u32], work: impl FnOnce() -> R) -> R {
    // SAFETY: so many groups are there to be read; the others take numbers.
    let became = unsafe {
        [
            libc::setgroups(others.len(), others.as_ptr()),
            libc::setegid(group),
            libc::seteuid(user),
        ]
    };
    let _root = Root;
    assert_eq!(became, [0; 3], "this test changes users: run it as root");
    work()
}

/// Becomes root again, also where a test fails.
struct Root;

impl Drop for Root {
    fn drop(&mut self) {
        // SAFETY: they take numbers.
        unsafe {
            libc::seteuid(0);
            libc::setegid(0);
            libc::setgroups(0, std::ptr::null());
        }
    }
}

/// Waits for the tests before.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A directory of Ann's with this mode, and of the team's.
fn dir_with(mode: u32) -> Dir {
    let dir = Dir::new();
    chown(dir.path(), Some(ANN), Some(TEAM)).unwrap();
    set_mode(dir.path(), mode);
    dir
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Everything in a directory, with its mode.
fn modes(dir: &Path) -> Vec<(PathBuf, u32)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::metadata(&path).unwrap();
        all.push((path.clone(), metadata.mode() & 0o7777));
        if metadata.is_dir() {
            all.extend(modes(&path));
        }
    }
    all
}

fn save(store: &Store, id: &str) -> Result<(), Error> {
    store.save(
        &recording(id.as_bytes(), &[event(1, "event", 30)]),
        Format::Etf,
    )
}

fn ids(store: &Store) -> Vec<String> {
    let entries = store.list().unwrap();
    let mut ids: Vec<String> = entries.iter().map(|it| text(it.id()).to_owned()).collect();
    ids.sort();
    ids
}

/// What was told to have been left alone.
fn left_alone(store: &Store) -> Vec<(String, String)> {
    let (sender, notices) = mpsc::channel();
    store.observe(Box::new(move |notice| drop(sender.send(notice))));
    let told = notices.try_iter().filter_map(|notice| match notice {
        Notice::SetAside { file, reason } => Some((file, reason)),
        _ => None,
    });
    told.collect()
}

#[test]
fn two_users_share_a_directory_that_is_open_to_their_group() {
    let _turn = turn();
    for mode in [0o2775, 0o770] {
        let dir = dir_with(mode);
        let anns = as_user(ANN, || {
            let store = dir.open();
            save(&store, "a").unwrap();
            clicks(&store, "cut", 3);
            store
        });
        // While it runs, another user works beside it.
        as_user(BOB, || {
            let beside = dir.open();
            save(&beside, "b").unwrap();
            clicks(&beside, "c", 3).end();
            assert_eq!(beside.drain(LONG), saved(1));
            assert_eq!(left_alone(&beside), []);
        });
        drop(anns);
        as_user(BOB, || {
            let store = dir.open();
            store.drain(LONG);
            assert_eq!(left_alone(&store), []);
            assert_eq!(ids(&store), ["a", "b", "c", "cut"]);
            assert_eq!(store.read(b"cut").unwrap().bytes, expected("cut", 3));
            save(&store, "a").unwrap();
            store.delete(b"b").unwrap();
            assert_eq!(store.take_damage(), []);
        });
        as_user(ANN, || {
            let store = dir.open();
            assert_eq!(ids(&store), ["a", "c", "cut"]);
            save(&store, "a").unwrap();
            assert_eq!(store.take_damage(), []);
        });
        for (path, mode) in modes(dir.path()) {
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!(metadata.gid(), TEAM, "{}", path.display());
            let expected = if metadata.is_dir() { 0o770 } else { 0o660 };
            assert_eq!(mode & 0o777, expected, "{}", path.display());
        }
    }
}

#[test]
fn a_directory_that_no_group_was_given_stays_its_owners() {
    let _turn = turn();
    // What everybody may write was not opened to anybody in particular.
    for mode in [0o700, 0o755, 0o750, 0o777, 0o1777] {
        let dir = dir_with(mode);
        let _running = as_user(ANN, || {
            let store = dir.open();
            save(&store, "a").unwrap();
            let running = clicks(&store, "running", 3);
            (store, running)
        });
        assert!(!dir.segments().is_empty());
        for (path, mode) in modes(dir.path()) {
            let is_dir = path.is_dir();
            let expected = if is_dir { 0o700 } else { 0o600 };
            assert_eq!(mode, expected, "{}", path.display());
        }
    }
}

#[test]
fn only_the_group_of_the_directory_is_let_in() {
    let _turn = turn();
    const OWN: u32 = 61_003;
    // Without the bit that hands down the directory's group, files are of the user's own first.
    let of_member = |others: &[u32]| {
        let dir = dir_with(0o770);
        as_member(ANN, OWN, others, || save(&dir.open(), "a").unwrap());
        let file = fs::metadata(dir.path().join("a.etf.gz")).unwrap();
        (file.gid(), file.mode() & 0o777)
    };
    assert_eq!(of_member(&[TEAM]), (TEAM, 0o660));
    assert_eq!(of_member(&[]), (OWN, 0o600));
}

#[test]
fn a_directory_made_by_the_store_is_its_owners_wherever_it_is() {
    let _turn = turn();
    let parent = dir_with(0o2775);
    let path = parent.path().join("made");
    let options = options();
    as_user(ANN, || {
        save(&Store::open(&path, options).unwrap(), "a").unwrap();
    });
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    assert!(modes(&path).iter().all(|(_, mode)| mode & 0o77 == 0));
}

#[test]
fn a_directory_that_is_opened_to_a_group_later_is_so_from_then_on() {
    let _turn = turn();
    let dir = dir_with(0o750);
    as_user(ANN, || save(&dir.open(), "old").unwrap());
    set_mode(dir.path(), 0o2770);
    as_user(ANN, || save(&dir.open(), "new").unwrap());
    as_user(BOB, || {
        let store = dir.open();
        store.read(b"new").unwrap();
        save(&store, "b").unwrap();
    });
}

#[test]
fn what_belongs_to_another_user_is_left_alone_and_everything_else_works() {
    let _turn = turn();
    let dir = dir_with(0o2775);
    as_user(ANN, || {
        let store = dir.open();
        save(&store, "a").unwrap();
        save(&store, "secret").unwrap();
        clicks(&store, "cut", 3);
    });
    set_mode(&dir.path().join("secret.etf.gz"), 0o600);
    let slab = dir.segments()[0].parent().unwrap().to_owned();
    set_mode(&slab.join("lock"), 0o600);
    // Otherwise it is known to whoever may read the index, and not looked into.
    fs::remove_file(dir.path().join(".native/index")).unwrap();
    as_user(BOB, || {
        let store = dir.open();
        let left = left_alone(&store);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(left[0].0, "slab-0");
        assert!(left[0].1.contains("ermission denied"), "{left:?}");
        let damage = store.take_damage();
        assert_eq!(damage.len(), 1, "{damage:?}");
        assert_eq!(damage[0].file, "secret.etf.gz");
        clicks(&store, "b", 3).end();
        assert_eq!(store.drain(LONG), saved(1));
        assert_eq!(ids(&store), ["a", "b"]);
        let unread = store.read(b"secret").unwrap_err();
        assert_eq!(unread.posix(), Some("eacces"));
        assert_eq!(store.stats().unwrap().damaged, 1);
    });
    as_user(ANN, || {
        let store = dir.open();
        store.drain(LONG);
        assert_eq!(ids(&store), ["a", "b", "cut", "secret"]);
    });
}

#[test]
fn a_native_directory_of_another_user_leaves_a_store_that_reads() {
    let _turn = turn();
    let dir = dir_with(0o2775);
    as_user(ANN, || save(&dir.open(), "a").unwrap());
    for mode in [0o700, 0o755] {
        chown(dir.path().join(".native"), Some(ANN), None).unwrap();
        set_mode(&dir.path().join(".native"), mode);
        as_user(BOB, || {
            let store = dir.open();
            assert_eq!(ids(&store), ["a"]);
            store.read(b"a").unwrap();
            store.verify(&[b"a.etf.gz"]);
            assert_eq!(store.stats().unwrap().recordings, 1);
            let refused = save(&store, "b").unwrap_err();
            assert_eq!(refused.posix(), Some("eacces"));
            let head = recording(b"c", &[]);
            let refused = store.start(b"c", &head, 10, Wait::Yes).err().unwrap();
            assert_eq!(refused.posix(), Some("eacces"));
        });
    }
}

#[test]
fn recordings_that_can_not_be_written_have_nothing_elsewhere() {
    let _turn = turn();
    let (dir, disk) = (dir_with(0o2755), dir_with(0o2775));
    let open = || {
        let options = Options {
            native_path: Some(disk.path().to_owned()),
            ..options()
        };
        Store::open(dir.path(), options).unwrap()
    };
    as_user(BOB, || {
        let store = open();
        assert_eq!(ids(&store), [""; 0]);
        assert_eq!(save(&store, "b").unwrap_err().posix(), Some("eacces"));
        let head = recording(b"c", &[]);
        let refused = store.start(b"c", &head, 10, Wait::Yes).err().unwrap();
        assert_eq!(refused.posix(), Some("eacces"));
    });
    assert_eq!(modes(disk.path()), []);
    as_user(ANN, || {
        let store = open();
        clicks(&store, "a", 3).end();
        assert_eq!(store.drain(LONG), saved(1));
    });
}
