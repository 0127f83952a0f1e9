//! What is put on the disk, in which order, and what a disk can't.

use super::*;

#[test]
fn a_save_syncs_the_content_then_renames_then_syncs_the_directory() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let save = |id| store.save(&Recording::new(id).etf(), Format::Etf).unwrap();
    save("first");
    fs.take_calls();
    save("second");
    let calls = fs.take_calls();
    let changes: Vec<Call> = calls
        .into_iter()
        .filter(|call| *call != Call::Metadata)
        .collect();
    assert_eq!(
        changes,
        [
            Call::Write,
            Call::Sync,
            Call::Rename,
            // The index, which is a cache and not synced.
            Call::Append,
            Call::SyncDir
        ]
    );
}

/// What was told of syncs that are not supported, with what was refused.
fn unsynced(notices: &mpsc::Receiver<Notice>) -> Vec<String> {
    let told = notices.try_iter().filter_map(|notice| match notice {
        Notice::Unsynced { error } => Some(error.to_string()),
        _ => None,
    });
    told.collect()
}

#[test]
fn where_syncing_is_not_supported_saves_succeed_and_it_is_told_once() {
    let faults = [
        (Call::SyncDir, libc::EINVAL, "cannot sync the directory /"),
        (Call::SyncDir, libc::ENOTSUP, "cannot sync the directory /"),
        (Call::SyncDir, libc::EBADF, "cannot sync the directory /"),
        (Call::SyncDir, libc::ENOSYS, "cannot sync the directory /"),
        (Call::Sync, libc::EINVAL, "cannot sync a file in /"),
        (Call::Sync, libc::ENOTSUP, "cannot sync a file in /"),
        (Call::Sync, libc::ENOSYS, "cannot sync a file in /"),
    ];
    for (call, errno, told) in faults {
        let dir = Dir::new();
        let fs = Arc::new(Faulty::default());
        fs.fail(call, errno);
        let store = Store::open_on(hooked_by(&fs), &dir.path(), Options::default()).unwrap();
        let (sender, notices) = mpsc::channel();
        store.observe(Box::new(move |notice| drop(sender.send(notice))));
        let save = |id, format| store.save(&Recording::new(id).etf(), format).unwrap();
        save("x", Format::Etf);
        save("x", Format::Json);
        save("y", Format::Etf);
        store.delete(b"y").unwrap();
        let of_x = Filter {
            id: Some(b"x"[..].into()),
            ..Filter::default()
        };
        assert_eq!(store.delete_where(&of_x).unwrap().ids.len(), 1);
        save("z", Format::Etf);
        assert_eq!(dir.names(), ["z.etf.gz"]);
        assert_eq!(dir.temp_files(), [""; 0]);
        let unsynced = unsynced(&notices);
        assert_eq!(unsynced.len(), 1, "{unsynced:?}");
        assert!(unsynced[0].starts_with(told), "{unsynced:?}");
    }
}

#[test]
fn a_sync_that_fails_names_the_step_and_the_path() {
    let dir = Dir::new();
    let (fs, store) = open(&dir);
    let first = Recording::new("x").etf();
    store.save(&first, Format::Etf).unwrap();
    let text = |call| {
        fs.fail(call, libc::EIO);
        let failed = store.save(&Recording::new("x").etf(), Format::Etf);
        failed.unwrap_err().to_string()
    };
    let path = dir.path().display().to_string();
    let synced = format!("cannot sync the directory {path}: ");
    assert!(text(Call::SyncDir).starts_with(&synced));
    let placed = format!("cannot put in place {path}/x.etf.gz: ");
    assert!(text(Call::Rename).starts_with(&placed));
    let written = format!("cannot write a file into {path}/.native: ");
    assert!(text(Call::Sync).starts_with(&written));
    // A file descriptor that is none is a defect, and no file system's.
    fs.fail(Call::Sync, libc::EBADF);
    let failed = store.save(&Recording::new("x").etf(), Format::Etf);
    assert!(failed.is_err());
}
