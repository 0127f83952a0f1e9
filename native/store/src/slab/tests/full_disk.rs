//! A disk without space.

use std::fs::File;
use std::sync::atomic::AtomicBool;

use super::map::{Disk, OsDisk};
use super::*;

struct Gauge(Arc<AtomicBool>);

impl Disk for Gauge {
    fn allocate(&self, file: &File, len: usize) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        OsDisk.allocate(file, len)
    }
}

#[test]
fn what_was_appended_before_the_disk_was_full_stays_and_appending_goes_on_after() {
    let home = tempfile::tempdir().unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let disk = Box::new(Gauge(Arc::clone(&full)));
    let (slab, _) = Slab::open_on(disk, &commons(home.path()), Vec::new(), settings()).unwrap();
    let chain = slab.chain(b"head", Wait::Yes).unwrap();
    full.store(true, Ordering::Relaxed);
    let mut events = Vec::new();
    let refused = loop {
        let event = vec![events.len() as u8; 500];
        match push(&chain, &event, Wait::Yes) {
            Ok(()) => events.push(event),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, AppendError::Io(e) if e.kind() == io::ErrorKind::StorageFull));
    assert!(slab.chain(b"second", Wait::Yes).is_err());
    assert_eq!(contents(&chain).1, events);

    full.store(false, Ordering::Relaxed);
    push(&chain, b"after", Wait::Yes).unwrap();
    events.push(b"after".to_vec());
    let crashed = crash(&slab, home.path());
    let (_slab, found) = open(crashed.path());
    assert_eq!(all(&found), [(b"head".to_vec(), events)]);
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
