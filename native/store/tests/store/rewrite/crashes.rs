//! Changing recordings is interrupted, or fails, at each of its steps.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use super::*;

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

/// What is there after a crash or a failure: each recording is the old or the new one, and once
/// those that are old are masked as well, nothing is left. Returns how many were old.
fn old_after(dir: &Dir) -> usize {
    let store = dir.open();
    assert_eq!(dir.temp_files(), [""; 0], "the next start removes them");
    let old = ids(&store).into_iter().filter(|id| {
        let content = store.read(id.as_bytes()).unwrap().bytes;
        let is_old = content == secret(id).etf();
        assert!(is_old || content == masked(id).etf());
        is_old
    });
    let old = old.count();
    if old == 0 {
        // Also what the index had said of them.
        assert_eq!(traces(&dir.path()), Vec::<PathBuf>::new());
    }
    mask_all(&store).unwrap();
    assert_eq!(traces(&dir.path()), Vec::<PathBuf>::new());
    old
}

fn is_change(call: Call<'_>) -> bool {
    matches!(
        call,
        Call::WriteNew { .. }
            | Call::Append(..)
            | Call::Rename(..)
            | Call::Remove(_)
            | Call::SyncDir(_)
    )
}

fn synced() -> Options {
    Options {
        durability: Durability::Synced,
        ..options()
    }
}

fn fill(dir: &Dir) {
    let store = dir.open();
    for id in ["a", "b", "c"] {
        store.save(&secret(id).etf(), Format::Etf).unwrap();
    }
}

#[test]
fn a_crash_at_any_step_leaves_each_recording_old_or_new() {
    let dir = Dir::new();
    fill(&dir);
    let (path, crashes) = (dir.path(), Arc::new(Mutex::new(Vec::new())));
    let armed = Arc::new(AtomicBool::new(false));
    let (seen, is_armed) = (Arc::clone(&crashes), Arc::clone(&armed));
    let fs = hooked(move |call| {
        if is_armed.load(Ordering::Relaxed) && is_change(call) {
            let crash = Dir::new();
            copy_dir(&path, &crash.path());
            seen.lock().unwrap().push(crash);
        }
        Ok(())
    });
    let store = Store::open_on(fs, &dir.path(), synced()).unwrap();
    armed.store(true, Ordering::Relaxed);
    mask_all(&store).unwrap();
    let crashes = std::mem::take(&mut *crashes.lock().unwrap());
    assert!(crashes.len() > 12);
    let old: Vec<usize> = crashes.iter().map(old_after).collect();
    assert!(old.is_sorted_by(|a, b| a >= b), "{old:?}");
    assert_eq!((old[0], old[old.len() - 1]), (3, 0));
}

#[test]
fn a_failure_at_any_step_leaves_each_recording_old_or_new() {
    let mut outcomes = Vec::new();
    for fails_from in 0.. {
        let dir = Dir::new();
        fill(&dir);
        let changes = AtomicUsize::new(usize::MAX);
        let changes = Arc::new(changes);
        let counted = Arc::clone(&changes);
        let fs = hooked(move |call| {
            let armed = counted.load(Ordering::Relaxed) != usize::MAX;
            match armed && is_change(call) && counted.fetch_add(1, Ordering::Relaxed) >= fails_from
            {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        });
        let store = Store::open_on(fs, &dir.path(), synced()).unwrap();
        changes.store(0, Ordering::Relaxed);
        let result = mask_all(&store);
        drop(store);
        let old = old_after(&dir);
        if result.is_ok() {
            assert_eq!(old, 0);
            break;
        }
        outcomes.push(old);
    }
    assert!(outcomes.len() > 12);
    assert!(outcomes.is_sorted_by(|a, b| a >= b), "{outcomes:?}");
}

#[test]
fn what_was_dropped_before_a_crash_stays_so() {
    let dir = Dir::new();
    fill(&dir);
    let store = dir.open();
    let _unfinished = begin(&store);
    assert!(store.delete_version(b"b", &version(&store, "b")).unwrap());
    let crash = Dir::new();
    copy_dir(&dir.path(), &crash.path());
    let store = crash.open();
    assert_eq!(ids(&store), ["a", "c"]);
    drop(store);
    let index = fs::read(crash.file(".native/index")).unwrap();
    assert!(index.windows(8).any(|it| it == b"a.etf.gz"));
    assert!(
        !index.windows(8).any(|it| it == b"b.etf.gz"),
        "it is forgotten"
    );
    assert_eq!(crash.temp_files(), [""; 0], "and so is the note");
}
