//! Several slabs in one place, and several threads in one slab.

use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

#[test]
fn two_slabs_in_one_place_know_nothing_of_each_other() {
    let home = tempfile::tempdir().unwrap();
    let ((first, _), (second, found)) = (open(home.path()), open(home.path()));
    assert!(found.chains.is_empty());
    let a = first.chain(b"a", Wait::Yes).unwrap();
    let b = second.chain(b"b", Wait::Yes).unwrap();
    push(&a, b"of a", Wait::Yes).unwrap();
    push(&b, b"of b", Wait::Yes).unwrap();
    let crashed = crash(&first, home.path());
    let (_slab, found) = open(crashed.path());
    let expected = [
        (b"a".to_vec(), vec![b"of a".to_vec()]),
        (b"b".to_vec(), vec![b"of b".to_vec()]),
    ];
    assert_eq!(all(&found), expected);
}

#[test]
fn an_orphan_is_removed_once_its_recordings_are_released() {
    let home = tempfile::tempdir().unwrap();
    let slabs = [open(home.path()).0, open(home.path()).0];
    let chains = slabs
        .each_ref()
        .map(|slab| slab.chain(b"head", Wait::Yes).unwrap());
    chains.iter().for_each(Chain::leave);
    drop((chains, slabs));
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);

    let (slab, found) = open(home.path());
    assert_eq!(found.chains.len(), 2);
    found
        .chains
        .iter()
        .for_each(|chain| chain.release(Wait::Yes));
    drop(found);
    slab.trim(Duration::ZERO);
    assert_eq!(segments(home.path()).len(), 0);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_reader_keeps_what_it_reads_after_the_release() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    push(&chain, b"event", Wait::Yes).unwrap();
    let frames = chain.frames().unwrap().unwrap();
    chain.release(Wait::Yes);
    assert!(chain.frames().unwrap().is_none());
    assert!(matches!(
        push(&chain, b"late", Wait::Yes),
        Err(AppendError::Ended)
    ));
    let other = slab.chain(b"other", Wait::Yes).unwrap();
    push(&other, &[0; 3000], Wait::Yes).unwrap();
    let read: Vec<&[u8]> = frames.iter().map(|(_, payload)| payload.rest).collect();
    assert_eq!(read, [&b"head"[..], b"event"]);
    drop(frames);
    other.release(Wait::Yes);
    drop(other);
    assert_eq!(slab.usage().used, 0);
}

#[test]
fn readers_see_a_growing_prefix_while_others_append_and_release() {
    let home = tempfile::tempdir().unwrap();
    let (slab, _) = open(home.path());
    let stop = AtomicBool::new(false);
    let chain = slab.chain(b"read", Wait::Yes).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..3000u32 {
                push(
                    &chain,
                    &n.to_be_bytes().repeat(1 + n as usize % 100),
                    Wait::Yes,
                )
                .unwrap();
            }
            stop.store(true, Ordering::Relaxed);
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let other = slab.chain(b"other", Wait::Yes).unwrap();
                for _ in 0..30 {
                    push(&other, &[0xff; 700], Wait::Yes).unwrap();
                }
                other.release(Wait::Yes);
                drop(other);
                slab.trim(Duration::ZERO);
            }
        });
        let mut seen = 0;
        while !stop.load(Ordering::Relaxed) {
            let (_, events) = contents(&chain);
            assert!(events.len() >= seen);
            seen = events.len();
            for (n, event) in (0u32..).zip(&events) {
                assert_eq!(*event, n.to_be_bytes().repeat(1 + n as usize % 100));
            }
        }
    });
    assert_eq!(contents(&chain).1.len(), 3000);
}

#[test]
fn a_slab_in_which_nothing_happens_gives_back_its_reserve_too() {
    let home = tempfile::tempdir().unwrap();
    let settings = Settings {
        idle: Duration::ZERO,
        rest: Duration::ZERO,
        ..settings()
    };
    let (slab, _) = Slab::open(&commons(home.path()), Vec::new(), settings).unwrap();
    assert_eq!(segments(home.path()).len(), 0, "nobody has asked");
    for _ in 0..2 {
        let chain = slab.chain(b"head", Wait::Yes).unwrap();
        slab.trim(Duration::ZERO);
        assert!(slab.usage().used > 0 && contents(&chain).0 == b"head");
        chain.release(Wait::Yes);
        slab.trim(Duration::ZERO);
        assert_eq!(slab.usage(), Usage::default());
        assert_eq!(segments(home.path()).len(), 0);
    }
}
