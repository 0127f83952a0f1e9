//! Every call that the slab makes of a file system fails once, or from some moment on. What was
//! acknowledged is found when it no longer does.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicUsize;

use super::hooked::{Call, hooked, os_error};
use super::*;

/// Whether the slab asks it, and not whose directory is whose.
fn is_of_slab(call: Call<'_>) -> bool {
    matches!(
        call,
        Call::Metadata(_)
            | Call::Names(_)
            | Call::Rename(..)
            | Call::Remove(_)
            | Call::SyncDir(_)
            | Call::CreateFile(_)
            | Call::OpenFile(_)
            | Call::Allocate(..)
            | Call::Map(_)
            | Call::MapReadOnly(_)
            | Call::Load { .. }
            | Call::SyncMapping(_)
            | Call::WriteAt(_)
    )
}

/// How calls fail: those from the first number on, and before the second.
struct Faults {
    calls: AtomicUsize,
    from: usize,
    until: usize,
}

impl Faults {
    fn disk(from: usize, until: usize, errno: i32) -> (Arc<dyn FileSystem>, Arc<Faults>) {
        let faults = Arc::new(Faults {
            calls: AtomicUsize::new(0),
            from,
            until,
        });
        let counted = Arc::clone(&faults);
        let disk = hooked(move |call| {
            if !is_of_slab(call) {
                return Ok(());
            }
            let call = counted.calls.fetch_add(1, Ordering::Relaxed);
            match (counted.from..counted.until).contains(&call) {
                true => os_error(errno),
                false => Ok(()),
            }
        });
        (disk, faults)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

/// The events of a recording that were acknowledged, by its head.
type Events = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

/// Recordings that grow in turns, so that each is in several segments.
fn record(slab: &Slab, run: &str, into: &mut Events) {
    let mut chains = Vec::new();
    for n in 0..8 {
        let head = format!("{run}-{n}").into_bytes();
        if let Ok(chain) = slab.chain(&head, Wait::Yes) {
            into.insert(head.clone(), Vec::new());
            chains.push((head, chain));
        }
    }
    for n in 0..20u8 {
        for (head, chain) in &chains {
            let event = [head, &[n; 1500][..]].concat();
            if push(chain, &event, Wait::Yes).is_ok() {
                into.get_mut(head).unwrap().push(event);
            }
        }
    }
    chains.iter().for_each(|(_, chain)| chain.leave());
}

/// Takes the recordings out of what was found, as a finalizer does once they are in their files.
fn save(found: Found, saved: &mut Events) {
    for chain in &found.chains {
        let Ok(Some(frames)) = chain.frames() else {
            chain.leave();
            continue;
        };
        let (head, events) = read(&frames);
        // One that could not be released is found again, and never a part of it.
        let before = saved.insert(head.clone(), events);
        assert!(before.is_none_or(|before| before == saved[&head]));
        chain.release(Wait::Yes);
    }
}

/// One run on a disk that fails, between two on one that does not; returns how many calls it made.
fn survive(from: usize, until: usize, errno: i32) -> usize {
    let home = tempfile::tempdir().unwrap();
    let (mut recorded, mut saved) = (Events::new(), Events::new());
    record(&open(home.path()).0, "first", &mut recorded);

    let (disk, faults) = Faults::disk(from, until, errno);
    let failing = commons_on(disk, home.path());
    // What can't be taken over now is found at another look.
    let adopt = || adopt(&failing, &mut |_, _| {}).unwrap_or_default();
    let (slab, found) = Slab::open(&failing, adopt(), settings()).unwrap();
    save(found, &mut saved);
    record(&slab, "second", &mut recorded);
    // What is still in doubt may be looked at again at any time.
    save(slab.take_over(adopt()), &mut saved);
    drop(slab);

    for _ in 0..2 {
        let (slab, found) = open(home.path());
        assert_eq!(found.waiting, Vec::<PathBuf>::new());
        save(found, &mut saved);
        slab.trim(Duration::ZERO);
    }
    assert!(
        saved == recorded,
        "call {from} until {until}, errno {errno}"
    );
    faults.calls()
}

#[test]
fn a_call_that_fails_once_loses_nothing() {
    let calls = survive(0, 0, 0);
    assert!(calls > 100, "{calls}");
    for call in 0..calls {
        survive(call, call + 1, libc::EMFILE);
    }
}

#[test]
fn calls_that_fail_from_some_moment_on_lose_nothing() {
    let calls = survive(0, 0, 0);
    for call in (0..calls).step_by(3) {
        for errno in [libc::EMFILE, libc::EIO] {
            survive(call, usize::MAX, errno);
        }
    }
}
