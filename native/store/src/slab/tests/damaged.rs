//! Files of an earlier run that can't be read, now or ever.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::hooked::{Call, hooked, os_error};
use super::*;

/// A recording that fills whole segments, one in each of them, and one that has ended in the
/// first.
fn spread(slab: &Slab) {
    let short = slab.chain(b"short", Wait::Yes).unwrap();
    push(&short, &[1; 100], Wait::Yes).unwrap();
    let long = slab.chain(b"long", Wait::Yes).unwrap();
    for n in 0..200u8 {
        push(&long, &[n; 3000], Wait::Yes).unwrap();
    }
    let last = slab.chain(b"last", Wait::Yes).unwrap();
    push(&last, &[2; 100], Wait::Yes).unwrap();
}

fn short() -> (Vec<u8>, Vec<Vec<u8>>) {
    (b"short".to_vec(), vec![vec![1; 100]])
}

fn last() -> (Vec<u8>, Vec<Vec<u8>>) {
    (b"last".to_vec(), vec![vec![2; 100]])
}

fn long(events: u8) -> (Vec<u8>, Vec<Vec<u8>>) {
    (
        b"long".to_vec(),
        (0..events).map(|n| vec![n; 3000]).collect(),
    )
}

/// What a crash leaves of these recordings, and one of the segments that the long one goes
/// through.
fn crashed() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    spread(&slab);
    let crashed = crash(&slab, home.path());
    let mut files = segments(crashed.path());
    files.retain(|file| {
        let bytes = fs::read(file).unwrap();
        let has = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
        has(&[100; 1000]) && !has(b"short") && !has(b"last")
    });
    let segment = files.remove(0);
    (crashed, segment)
}

/// Takes what was found, as if it had been saved.
fn release(found: Found) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let all = all(&found);
    found
        .chains
        .iter()
        .for_each(|chain| chain.release(Wait::Yes));
    all
}

fn again(slab: &Slab, parent: &Path) -> Found {
    slab.trim(Duration::ZERO);
    slab.take_over(adopt_all(&commons(parent)))
}

#[test]
fn as_long_as_a_file_can_not_be_opened_what_may_go_on_in_it_waits() {
    for errno in [libc::EMFILE, libc::ENOMEM, libc::EIO, libc::ELOOP] {
        let (crashed, segment) = crashed();
        let fails = Arc::new(AtomicBool::new(true));
        let (failing, missing) = (Arc::clone(&fails), segment.clone());
        let disk = hooked(move |call| match call {
            Call::OpenFile(path) if failing.load(Ordering::Relaxed) && path == missing => {
                os_error(errno)
            }
            _ => Ok(()),
        });
        let (slab, found) = open_on(disk, crashed.path());
        assert_eq!(found.waiting, [segment.parent().unwrap()]);
        assert_eq!(found.set_aside.len(), 1);
        assert_eq!(found.set_aside[0].path, segment);
        assert_eq!(release(found), [last(), short()]);
        // What this run records meets nothing of the other's.
        let new = slab.chain(b"new", Wait::Yes).unwrap();
        push(&new, &[3; 100], Wait::Yes).unwrap();
        let second = crash(&slab, crashed.path());
        if errno != libc::EIO {
            // Told once.
            let found = again(&slab, crashed.path());
            assert_eq!(found.waiting.len(), 1);
            assert_eq!(found.set_aside, []);
            assert_eq!(release(found), []);
        }

        fails.store(false, Ordering::Relaxed);
        let found = again(&slab, crashed.path());
        assert_eq!(found.waiting.len(), 0);
        assert_eq!(release(found), [long(200)]);
        slab.trim(Duration::ZERO);
        assert_eq!(
            segments(crashed.path()).len(),
            slab.usage().total / settings().segment_bytes
        );

        // The next start does the same.
        let new = (b"new".to_vec(), vec![vec![3; 100]]);
        let (_slab, found) = open(second.path());
        assert_eq!(release(found), [long(200), new]);
    }
}

#[test]
fn a_directory_that_can_not_be_listed_waits() {
    let (crashed, segment) = crashed();
    let directory = segment.parent().unwrap().to_owned();
    let fails = Arc::new(AtomicBool::new(true));
    let (failing, listed) = (Arc::clone(&fails), directory.clone());
    let disk = hooked(move |call| match call {
        Call::Names(path) if failing.load(Ordering::Relaxed) && path == listed => {
            os_error(libc::EIO)
        }
        _ => Ok(()),
    });
    let (slab, found) = open_on(disk, crashed.path());
    assert_eq!(found.waiting, [directory]);
    assert_eq!(found.set_aside.len(), 1);
    assert_eq!(release(found), []);
    fails.store(false, Ordering::Relaxed);
    assert_eq!(
        release(again(&slab, crashed.path())),
        [last(), long(200), short()]
    );
}

/// A disk on which some pages of a file are bad.
fn with_bad_pages(file: &Path, pages: std::ops::Range<usize>) -> Arc<dyn FileSystem> {
    let file = file.to_owned();
    let bad = pages.start * map::PAGE..pages.end * map::PAGE;
    hooked(move |call| match call {
        Call::Load { path, at, len } if path == file && at < bad.end && at + len > bad.start => {
            os_error(libc::EIO)
        }
        _ => Ok(()),
    })
}

#[test]
fn a_bad_sector_costs_what_is_behind_it_and_only_if_it_stays_bad() {
    let (crashed, segment) = crashed();
    let disk = with_bad_pages(&segment, 5..7);
    let (slab, found) = open_on(disk, crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (1, 1));
    assert_eq!(release(found), [last(), short()]);
    let second = crash(&slab, crashed.path());

    let found = again(&slab, crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (0, 1));
    let recovered = release(found);
    let events = recovered[0].1.len();
    assert!(events > 40 && events < 200);
    assert_eq!(recovered, [long(events as u8)]);
    slab.trim(Duration::ZERO);
    // What can't be put together is kept for a human, and not looked at again.
    let bad = segment.with_extension("seg.bad");
    assert!(bad.exists());
    assert_eq!(segments(crashed.path()).len(), 0);
    drop(slab);
    assert_eq!(release(open(crashed.path()).1), []);
    assert!(bad.exists());

    // It was for a moment only.
    let (_slab, found) = open(second.path());
    assert_eq!(release(found), [long(200)]);
}

#[test]
fn a_bad_header_is_waited_for_once() {
    let (crashed, segment) = crashed();
    let (slab, found) = open_on(with_bad_pages(&segment, 0..1), crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (1, 1));
    assert_eq!(release(found), [last(), short()]);
    let found = again(&slab, crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (0, 1));
    assert_eq!(release(found).len(), 1);
    assert!(segment.with_extension("seg.bad").exists());
}

#[test]
fn a_disk_that_reads_nothing_is_not_asked_for_every_page() {
    let home = tempfile::tempdir().unwrap();
    let large = Settings {
        segment_bytes: 4 << 20,
        ..settings()
    };
    let (slab, _) = Slab::open(&commons(home.path()), Vec::new(), large).unwrap();
    spread(&slab);
    let crashed = crash(&slab, home.path());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let disk = hooked(move |call| match call {
        Call::Load {
            at: 0,
            len: map::PAGE,
            ..
        } => Ok(()),
        Call::Load { .. } => {
            counted.fetch_add(1, Ordering::Relaxed);
            os_error(libc::EIO)
        }
        _ => Ok(()),
    });
    let (_slab, found) = open_on(disk, crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (1, 1));
    assert!(asked.load(Ordering::Relaxed) < 100);
}

#[test]
fn a_file_that_was_cut_off_is_read_up_to_there() {
    let (crashed, segment) = crashed();
    let len = fs::metadata(&segment).unwrap().len();
    fs::OpenOptions::new()
        .write(true)
        .open(&segment)
        .unwrap()
        .set_len(len / 2 + 100)
        .unwrap();
    let (slab, found) = open(crashed.path());
    assert_eq!((found.waiting.len(), found.set_aside.len()), (0, 1));
    let recovered = release(found);
    let events = recovered[1].1.len();
    assert!(events > 40 && events < 200);
    assert_eq!(recovered, [last(), long(events as u8), short()]);
    slab.trim(Duration::ZERO);
    assert!(!segment.exists());
    // The rest of the recording was in others.
    assert!(
        fs::read_dir(segment.parent().unwrap())
            .unwrap()
            .any(|file| {
                file.unwrap()
                    .path()
                    .extension()
                    .is_some_and(|extension| extension == "bad")
            })
    );
}

#[test]
fn what_goes_on_in_a_damaged_file_is_recovered_as_far_as_it_goes_and_the_rest_kept() {
    let (crashed, segment) = crashed();
    fs::write(&segment, [7; 10_000]).unwrap();
    let rest = segments(crashed.path());
    let (slab, found) = open(crashed.path());
    let recovered = release(found);
    let events = recovered[1].1.len();
    assert_eq!(recovered, [last(), long(events as u8), short()]);
    drop(slab);
    assert_eq!(segments(crashed.path()), Vec::<PathBuf>::new());
    let kept = rest
        .iter()
        .filter(|file| file.with_extension("seg.bad").exists());
    assert!(kept.count() > 5);
}

#[test]
fn a_file_of_another_version_or_machine_is_left_to_them() {
    let (crashed, segment) = crashed();
    let bytes = fs::read(&segment).unwrap();
    let mut later = bytes.clone();
    let version = segment::VERSION + 1;
    later[8..16].copy_from_slice(&version.to_ne_bytes());
    let word = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap());
    let checksum = segment::checksum(version, word(16), word(24));
    later[32..40].copy_from_slice(&checksum.to_ne_bytes());
    let mut foreign = bytes.clone();
    foreign[..8].reverse();
    for changed in [later, foreign] {
        fs::write(&segment, &changed).unwrap();
        let (_slab, found) = open(crashed.path());
        assert_eq!((found.waiting.len(), found.set_aside.len()), (1, 1));
        assert_eq!(all(&found), [last(), short()]);
        found.chains.iter().for_each(|chain| chain.leave());
        assert_eq!(fs::read(&segment).unwrap(), changed);
    }
    fs::write(&segment, bytes).unwrap();
    assert_eq!(release(open(crashed.path()).1).len(), 3);
}

#[test]
fn what_can_not_be_wiped_now_is_wiped_later_and_known_until_then() {
    let (crashed, _) = crashed();
    let fails = Arc::new(AtomicBool::new(true));
    let failing = Arc::clone(&fails);
    let disk = hooked(move |call| match call {
        Call::WriteAt(_) if failing.load(Ordering::Relaxed) => os_error(libc::ENOSPC),
        _ => Ok(()),
    });
    let (slab, found) = open_on(disk, crashed.path());
    assert_eq!(release(found).len(), 3);
    let refused = slab.sync().unwrap_err();
    assert_eq!(cause(&refused).raw_os_error(), Some(libc::ENOSPC));
    // A crash now finds all of it.
    let second = crash(&slab, crashed.path());
    assert_eq!(release(open(second.path()).1).len(), 3);
    fails.store(false, Ordering::Relaxed);
    slab.sync().unwrap();
    slab.trim(Duration::ZERO);
    assert_eq!(segments(crashed.path()), Vec::<PathBuf>::new());
}
