//! A disk without space, or with little of it.

use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::hooked::{Call, hooked, os_error};
use super::*;

/// A disk that has so many bytes for each file.
fn with_space(space: &Arc<AtomicUsize>) -> Arc<dyn FileSystem> {
    let space = Arc::clone(space);
    hooked(move |call| match call {
        Call::Allocate(_, len) if len > space.load(Ordering::Relaxed) => os_error(libc::ENOSPC),
        _ => Ok(()),
    })
}

#[test]
fn what_was_appended_before_the_disk_was_full_stays_and_appending_goes_on_after() {
    let home = tempfile::tempdir().unwrap();
    let space = Arc::new(AtomicUsize::new(usize::MAX));
    let (slab, _) = open_on(with_space(&space), home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    space.store(0, Ordering::Relaxed);
    let mut events = Vec::new();
    let refused = loop {
        let event = vec![events.len() as u8; 500];
        match push(&chain, &event, Wait::Yes) {
            Ok(()) => events.push(event),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Io(e) if e.kind() == io::ErrorKind::StorageFull));
    // There may be space for what is smaller.
    let mut others = Vec::new();
    let refused = loop {
        match slab.chain(b"second", Wait::Yes) {
            Ok(other) => others.push(other),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Io(e) if e.kind() == io::ErrorKind::StorageFull));
    others.iter().for_each(|other| other.release(Wait::Yes));
    assert_eq!(contents(&chain).1, events);

    space.store(usize::MAX, Ordering::Relaxed);
    push(&chain, b"after", Wait::Yes).unwrap();
    events.push(b"after".to_vec());
    let crashed = crash(&slab, home.path());
    let (_slab, found) = open(crashed.path());
    assert_eq!(all(&found), [(b"head".to_vec(), events)]);
}

#[test]
fn where_there_is_little_space_a_segment_is_as_small_as_it_has_to_be() {
    let usual = settings().segment_bytes;
    for (space, expected) in [
        (usual, usual / 2),
        (usual - 1, usual / 2),
        (3 * map::PAGE, 2 * map::PAGE),
        (2 * map::PAGE, map::PAGE),
    ] {
        let home = tempfile::tempdir().unwrap();
        let (slab, _) = open_on(with_space(&Arc::new(space.into())), home.path());
        let chain = slab.chain(b"head", Wait::Yes).unwrap();
        push(&chain, b"event", Wait::Yes).unwrap();
        assert_eq!(slab.usage().total, expected);
        let len = fs::metadata(&segments(home.path())[0]).unwrap().len();
        assert_eq!(len as usize, map::PAGE + expected);
        let crashed = crash(&slab, home.path());
        let (_slab, found) = open(crashed.path());
        assert_eq!(all(&found), [(b"head".to_vec(), vec![b"event".to_vec()])]);
    }
    let home = tempfile::tempdir().unwrap();
    let space = Arc::new(AtomicUsize::new(2 * map::PAGE));
    let (slab, _) = open_on(with_space(&space), home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    let refused = push(&chain, &[0; 5000], Wait::Yes);
    assert!(matches!(refused, Err(AppendError::Io(e)) if e.kind() == io::ErrorKind::StorageFull));
    push(&chain, &[0; 2000], Wait::Yes).unwrap();
}

#[test]
fn a_slab_opens_where_nothing_can_be_made_and_reads_what_is_there() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    let crashed = crash(&slab, home.path());
    let before = fs::read_dir(crashed.path()).unwrap().count();
    let (slab, found) = open(crashed.path());
    assert_eq!(all(&found).len(), 1);
    assert_eq!(fs::read_dir(crashed.path()).unwrap().count(), before);
    drop((slab, found, chain));
}

/// Whether a call is of the kind that is refused.
type Refused = fn(Call<'_>) -> bool;

#[test]
fn a_refusal_names_the_step_and_the_file() {
    let home = tempfile::tempdir().unwrap();
    let refusals: [(Refused, _, _); 3] = [
        (
            |call| matches!(call, Call::Map(_) | Call::MapReadOnly(_)),
            "map into memory",
            libc::ENODEV,
        ),
        (
            |call| matches!(call, Call::CreateFile(_)),
            "create",
            libc::EMFILE,
        ),
        (
            |call| matches!(call, Call::Allocate(..)),
            "allocate",
            libc::EIO,
        ),
    ];
    for (is_refused, step, number) in refusals {
        let disk = hooked(move |call| match is_refused(call) {
            true => os_error(number),
            false => Ok(()),
        });
        let (slab, _) = open_on(disk, home.path());
        let Err(AppendError::Io(error)) = slab.chain(b"head", Wait::Yes) else {
            panic!("it was not refused");
        };
        assert_eq!(cause(&error).raw_os_error(), Some(number));
        let text = error.to_string();
        let begin = format!("{step} {}", home.path().display());
        assert!(
            text.starts_with(&begin) && text.contains(".seg: "),
            "{text}"
        );
        drop(slab);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_file_that_is_in_the_way_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    let stuck = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&stuck);
    let disk = hooked(move |call| match call {
        Call::Map(_) | Call::MapReadOnly(_) | Call::Remove(_) if fails.load(Ordering::Relaxed) => {
            os_error(libc::EIO)
        }
        _ => Ok(()),
    });
    let (slab, _) = open_on(disk, home.path());
    assert!(slab.chain(b"head", Wait::Yes).is_err());
    let leftover = segments(home.path()).remove(0);
    let directory = leftover.parent().unwrap();
    (0..20).for_each(|n| fs::write(directory.join(format!("{n}.seg")), b"a foreign hand").unwrap());
    stuck.store(false, Ordering::Relaxed);
    slab.chain(b"head", Wait::Yes).unwrap();
    assert_eq!(fs::read(leftover).unwrap(), b"a foreign hand");
}

#[test]
fn who_must_not_wait_is_told_to_and_space_is_made_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    assert!(matches!(
        slab.chain(b"head", Wait::Never),
        Err(AppendError::WouldBlock)
    ));
    let chain = loop {
        match slab.chain(b"head", Wait::Never) {
            Ok(chain) => break chain,
            Err(AppendError::WouldBlock) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    let large = vec![7; 300_000];
    assert!(matches!(
        push(&chain, &large, Wait::Never),
        Err(AppendError::WouldBlock)
    ));
    push(&chain, &large, Wait::Yes).unwrap();
    assert_eq!(contents(&chain).1, [large]);
}

#[test]
fn an_event_beyond_the_limit_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    let refused = push(&chain, &vec![0; settings().max_frame + 1], Wait::Yes);
    assert!(matches!(refused, Err(AppendError::TooLarge(..))));
    push(&chain, &vec![1; settings().max_frame], Wait::Yes).unwrap();
    assert_eq!(contents(&chain).1.len(), 1);
}
